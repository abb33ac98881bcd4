import { afterEach, describe, expect, it, vi } from "vitest";
import { Turns } from "../../src/probe/tfjs/observables/turns.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("turns", () => {
  it("go through all layers at once where these are quick", () => {
    const turns = new Turns();
    expect([...turns.over(["a", "b", "c"])]).toEqual(["a", "b", "c"]);
    expect([...turns.over(["a", "b", "c"])]).toEqual(["a", "b", "c"]);
    expect([...turns.over([])]).toEqual([]);
  });

  it("go on with the layers that were left out where these are slow, so that none is starved", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const turns = new Turns();
    const rounds = Array.from({ length: 4 }, () => {
      const taken: string[] = [];
      for (const layer of turns.over(["a", "b", "c", "d", "e"])) {
        taken.push(layer);
        vi.advanceTimersByTime(300);
      }
      return taken.join("");
    });
    expect(rounds).toEqual(["ab", "cd", "ea", "bc"]);
  });
});
