import { receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import { counter, type Answer, type Command, type Values } from "./protocol.ts";

/** Commands in a batch, unless an answer is waited for: few enough that the device starts early. */
const batchSize = 16;
/** Batches that may be under way before the training thread waits, so that memory does not fill with them. */
const mostUnderWay = 64;
/** Arrays from this size on are handed over instead of copied, in bytes. */
const handedOver = 4096;
/** Milliseconds between two looks at whether the device's thread lives. */
const patience = 10_000;
/** Looks without a sign of life, after which it is taken for dead. Compiling a kernel gives none for seconds. */
const looks = 12;

/** The device has failed; no number that it gave since the last read can be trusted, and there will be no further ones. */
export class DeviceFailure extends Error {
  override readonly name = "DeviceFailure";
}

/** The training thread's end of the line to the device's thread. */
export class Channel {
  readonly #port: MessagePort;
  readonly #counters: Int32Array;
  readonly #failed: (text: string) => void;
  #batch: Command[] = [];
  #transfers: ArrayBuffer[] = [];
  #failure: string | undefined;

  /** @param failed is told, once, with what the device has failed. */
  constructor(port: MessagePort, counters: Int32Array, failed: (text: string) => void) {
    this.#port = port;
    this.#counters = counters;
    this.#failed = failed;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Has a command carried out in time. Throws `DeviceFailure` where the device is known to have failed. */
  send(command: Command, values?: Values): void {
    this.#check();
    this.#batch.push(command);
    if (ArrayBuffer.isView(values) && values.buffer instanceof ArrayBuffer && values.byteLength >= handedOver) {
      this.#transfers.push(values.buffer);
    }
    if (this.#batch.length >= batchSize) this.#flush();
  }

  /** Has a command carried out after all earlier ones, and waits for its answer. Throws the refusal of a kernel, or `DeviceFailure`. */
  ask(command: Command): unknown {
    this.send(command);
    this.#flush();
    return this.receive();
  }

  /** Waits for the next answer. */
  receive(): unknown {
    const answer = this.#next();
    if ("value" in answer) return answer.value;
    if ("refusal" in answer) throw new Error(answer.refusal);
    return this.#fail(answer.failure);
  }

  /** Waits until a failed device's thread does nothing more, for a few seconds at most. */
  awaitRest(): void {
    Atomics.wait(this.#counters, counter.resting, 0, patience);
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    this.#port.postMessage(this.#batch, this.#transfers);
    this.#batch = [];
    this.#transfers = [];
    const sent = Atomics.add(this.#counters, counter.sent, 1) + 1;
    Atomics.notify(this.#counters, counter.sent);
    for (;;) {
      const done = Atomics.load(this.#counters, counter.done);
      if (sent - done <= mostUnderWay) return;
      this.#wait(counter.done, done);
      this.#check();
    }
  }

  #next(): Answer {
    for (;;) {
      const answered = Atomics.load(this.#counters, counter.answered);
      const received = receiveMessageOnPort(this.#port);
      if (received !== undefined) return received.message as Answer;
      this.#wait(counter.answered, answered);
    }
  }

  #wait(which: number, seen: number): void {
    let pulse = Atomics.load(this.#counters, counter.pulse);
    for (let look = 0; look < looks; look++) {
      if (Atomics.wait(this.#counters, which, seen, patience) !== "timed-out") return;
      const now = Atomics.load(this.#counters, counter.pulse);
      if (now !== pulse) look = 0;
      pulse = now;
    }
    this.#fail(`The thread that has the GPU has given no sign of life for ${(looks * patience) / 1000} seconds.`);
  }

  /** Throws if the device's thread has said that it failed, which it may at any time. */
  #check(): void {
    if (this.#failure !== undefined) throw new DeviceFailure(this.#failure);
    if (Atomics.load(this.#counters, counter.failed) === 0) return;
    for (;;) {
      const answer = this.#next();
      if ("failure" in answer) this.#fail(answer.failure);
    }
  }

  #fail(text: string): never {
    if (this.#failure === undefined) {
      this.#failure = text;
      this.#failed(text);
    }
    throw new DeviceFailure(text);
  }
}
