/** The thread that has the GPU: carries out the training thread's commands until the process ends. */
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from "node:worker_threads";
import { setImmediate } from "node:timers/promises";
import { openDevice } from "./device.ts";
import { Executor, Refusal } from "./executor.ts";
import { counter, type Answer, type Command, type WorkerSettings } from "./protocol.ts";
import { repairTranspose } from "./transposeRepair.ts";

const { counters, dawn, backend, port } = workerData as WorkerSettings & { readonly port: MessagePort };

/** Milliseconds between two signs of life. */
const pulse = 1000;

let failed = false;

setInterval(() => Atomics.add(counters, counter.pulse, 1), pulse).unref();
process.on("exit", () => {
  fail("The thread that has the GPU has ended.");
  announceRest();
});
process.on("uncaughtException", (error) => {
  fail(error.message);
});

try {
  await serve();
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
  parentPort?.postMessage("failed");
}

async function serve(): Promise<void> {
  const device = await openDevice(dawn, backend);
  device.backend.device.addEventListener("uncapturederror", ({ error }) => {
    fail(error.message);
  });
  void device.backend.device.lost.then(({ message }) => {
    fail(`The device is lost: ${message}`);
  });
  repairTranspose(device.backend);
  const executor = new Executor(device);
  answer({ value: null });
  parentPort?.postMessage("ready");
  while (!failed) await carryOut(executor, nextBatch());
}

/** Blocks this thread, and with it the arrival of errors, until there is something to do: there is always a read before a number is used. */
function nextBatch(): readonly Command[] {
  for (;;) {
    const sent = Atomics.load(counters, counter.sent);
    const received = receiveMessageOnPort(port);
    if (received !== undefined) return received.message as readonly Command[];
    Atomics.wait(counters, counter.sent, sent);
  }
}

async function carryOut(executor: Executor, batch: readonly Command[]): Promise<void> {
  for (const command of batch) {
    let outcome: Answer | undefined;
    try {
      const result = executor.execute(command);
      if (result instanceof Promise) {
        const value: unknown = await result;
        // Whatever error there was before has now been reported.
        await setImmediate();
        outcome = { value };
      } else if (result !== undefined) outcome = { value: result };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      outcome = { refusal: error.message };
    }
    if (failed) return;
    if (outcome !== undefined) answer(outcome);
  }
  Atomics.add(counters, counter.done, 1);
  Atomics.notify(counters, counter.done);
}

function fail(text: string): void {
  if (failed) return;
  failed = true;
  Atomics.store(counters, counter.failed, 1);
  answer({ failure: text });
  Atomics.notify(counters, counter.done);
  globalThis.setImmediate(() => {
    announceRest();
    Atomics.wait(counters, counter.failed, 1);
  });
}

/** The process may end now: ended within Dawn, this thread would take it down with a signal. */
function announceRest(): void {
  Atomics.store(counters, counter.resting, 1);
  Atomics.notify(counters, counter.resting);
}

function answer(message: Answer): void {
  port.postMessage(message);
  Atomics.add(counters, counter.answered, 1);
  Atomics.notify(counters, counter.answered);
}
