import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/probe/tfjs/engine.ts";
import { MemoryGuard } from "../../src/probe/tfjs/memoryGuard.ts";
import { mostBasisVectors } from "../../src/probe/tfjs/trace/krylovSpace.ts";

const mebibyte = 1024 ** 2;

function guardedBy(free: () => number) {
  const notes: string[] = [];
  const guard = new MemoryGuard({ noteOnce: (_severity, code, text) => notes.push(`${code}: ${text}`) }, free);
  return { guard, notes };
}

function engine(backendName: string, numBytes: number): Pick<Engine, "backendName" | "state"> {
  return { backendName, state: { numBytes } as Engine["state"] };
}

describe("memory for measurements", () => {
  it("is asked for before a step is recorded, by what the last recording held", () => {
    let free = 1000 * mebibyte;
    const { guard, notes } = guardedBy(() => free);
    expect(guard.admits(engine("cpu", 0))).toBe(true);
    guard.recorded(300 * mebibyte);
    // Three times 300 MiB and 128 MiB to spare.
    expect(guard.admits(engine("cpu", 0))).toBe(false);
    free = 1100 * mebibyte;
    expect(guard.admits(engine("cpu", 0))).toBe(true);
    expect(notes).toHaveLength(1);
  });

  it("says once what is missing", () => {
    const { guard, notes } = guardedBy(() => 100 * mebibyte);
    expect(guard.admits(engine("cpu", 0))).toBe(false);
    expect(guard.admits(engine("cpu", 0))).toBe(false);
    expect(notes).toEqual([expect.stringMatching(/^recording-memory: .*takes 128 MiB, and 100 MiB are free/)]);
  });

  it("is what WebAssembly can address, however much the machine has", () => {
    const { guard, notes } = guardedBy(() => 64 * 1024 * mebibyte);
    guard.recorded(800 * mebibyte);
    expect(guard.admits(engine("wasm", 1000 * mebibyte))).toBe(true);
    expect(guard.admits(engine("wasm", 2000 * mebibyte))).toBe(false);
    expect(guard.admits(engine("cpu", 2000 * mebibyte))).toBe(true);
    expect(notes.join()).toContain("4 GiB");
  });

  it("bounds how many vectors of the weights' length are kept, to half of what is free and half a gibibyte", () => {
    expect(mostBasisVectors(mebibyte, 64 * 1024 * mebibyte)).toBe(64);
    expect(mostBasisVectors(mebibyte, 160 * mebibyte)).toBe(10);
    expect(mostBasisVectors(mebibyte, 0)).toBe(0);
  });
});
