/** The thread that has the GPU, except that it ends when the script sets a certain flag. */
interface FlaggedEngine {
  readonly ENV: { set(flag: string, value: unknown): void };
}

let engine: FlaggedEngine | undefined;

Object.defineProperty(globalThis, "_tfengine", {
  configurable: true,
  get: () => engine,
  set: (made: FlaggedEngine) => {
    engine = made;
    const set = made.ENV.set.bind(made.ENV);
    made.ENV.set = (flag, value) => {
      if (flag === "WEBGPU_PRINT_SHADER") process.exit();
      set(flag, value);
    };
  },
});

await import("../../../src/probe/tfjs/webgpu/worker.ts");

export {};
