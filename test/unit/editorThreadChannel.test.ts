import { MessageChannel } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { serveThread, ThreadClient } from "../../src/editor/threadChannel.ts";

interface Arithmetic {
  add(one: number, other: number): number;
  later(value: Float64Array): Promise<Float64Array>;
  fail(message: string): never;
}

const channels: MessageChannel[] = [];

afterEach(() => {
  for (const { port1 } of channels.splice(0)) port1.close();
});

function connect() {
  const channel = new MessageChannel();
  channels.push(channel);
  const asked: string[] = [];
  const announcements: string[] = [];
  const announce = serveThread<Arithmetic>(channel.port1, {
    add(one, other) {
      asked.push("add");
      return one + other;
    },
    later: (value) => Promise.resolve(value),
    fail(message) {
      throw new RangeError(message);
    },
  });
  const client = new ThreadClient<Arithmetic, string>(channel.port2, (said) => announcements.push(said));
  return { client, announce, asked, announcements };
}

test("answers arrive at the call that asked, NaN kept", async () => {
  const { client } = connect();
  const answers = await Promise.all([
    client.call("add", [1, 2]),
    client.call("later", [Float64Array.of(Number.NaN, 1)]),
    client.call("add", [3, 4]),
  ]);
  expect(answers).toEqual([3, Float64Array.of(Number.NaN, 1), 7]);
});

test("an error keeps its name and message, and later calls are answered", async () => {
  const { client } = connect();
  await expect(client.call("fail", ["out of range"])).rejects.toMatchObject({
    name: "RangeError",
    message: "out of range",
  });
  await expect(client.call("add", [1, 1])).resolves.toBe(2);
});

test("a call that is cancelled before its turn is never run, and rejects with the signal's reason", async () => {
  const { client, asked } = connect();
  const abort = new AbortController();
  const cancelled = client.call("add", [1, 2], abort.signal);
  abort.abort(new Error("no longer wanted"));
  await expect(cancelled).rejects.toThrow("no longer wanted");
  await client.call("later", [new Float64Array(0)]);
  expect(asked).toEqual([]);
});

test("a call with a signal that is already aborted is not sent", async () => {
  const { client, asked } = connect();
  await expect(client.call("add", [1, 2], AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
  await client.call("later", [new Float64Array(0)]);
  expect(asked).toEqual([]);
});

test("when the other side is gone, what waits and what is asked later rejects", async () => {
  const { client } = connect();
  const waiting = client.call("add", [1, 2]);
  client.fail(new Error("thread ended"));
  await expect(waiting).rejects.toThrow("thread ended");
  await expect(client.call("add", [1, 2])).rejects.toThrow("thread ended");
});

test("announcements arrive unasked", async () => {
  const { client, announce, announcements } = connect();
  announce("changed");
  await client.call("add", [1, 2]);
  expect(announcements).toEqual(["changed"]);
});
