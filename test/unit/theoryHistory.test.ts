import { describe, expect, it } from "vitest";
import { RunHistory } from "../../src/theory/history.ts";

function historyOf(steps: number): RunHistory {
  const history = new RunHistory("run");
  for (let step = 0; step < steps; step++)
    history.append({ t: "step", step, values: { "loss/train": 1 / (step + 1) } });
  return history;
}

const sgd = { id: "sgd", kind: "sgd", name: "SGD", groups: [], schedule: "constant" } as const;

describe("a run's history", () => {
  it("gives views that later records do not change", () => {
    const history = historyOf(20);
    const view = history.view();
    for (let step = 20; step < 100; step++) history.append({ t: "step", step, values: { "loss/train": 0 } });
    history.append({ t: "optimizer", step: 100, ...sgd });
    expect(view.step).toBe(19);
    expect(view.series("loss/train").length).toBe(20);
    expect(view.series("loss/train").valueAt(19)).toBe(1 / 20);
    expect(() => view.series("loss/train").valueAt(20)).toThrow(RangeError);
    expect(view.optimizer).toBeUndefined();
    expect(history.view().optimizers).toBe(1);
  });

  it("shows of an earlier step nothing later, and facts as they stood then", () => {
    const history = new RunHistory("run");
    history.append({ t: "optimizer", step: 0, ...sgd });
    history.append({ t: "step", step: 0, values: { "loss/train": 2 } });
    history.append({ t: "measure", step: 0, values: { "sharpness/batch": 5 }, error: { "sharpness/batch": 0.1 } });
    history.append({ t: "step", step: 1, values: { "loss/train": 1 } });
    history.append({ t: "optimizer", step: 2, ...sgd, schedule: "moves" });
    history.append({ t: "end", step: 2, how: "finished" });
    const early = history.viewAt(1);
    expect(early.step).toBe(1);
    expect(early.end).toBeUndefined();
    expect(early.optimizer?.schedule).toBe("constant");
    expect(early.series("loss/train").length).toBe(2);
    expect(early.series("sharpness/batch").errorAt(0)).toBe(0.1);
    expect(early.observables()).toEqual(["loss/train", "sharpness/batch"]);
    expect(early.at(9).step).toBe(1);
    expect(history.viewAt(2).end?.how).toBe("finished");
    expect(history.viewAt(2).optimizer?.schedule).toBe("moves");
  });

  it("shows lists as far as they had been measured, and the runs before it", () => {
    const before = historyOf(3).view();
    const history = new RunHistory("run", () => [before]);
    history.append({ t: "vector", step: 0, name: "hessian/eigenvalues", values: [3, 2], labels: ["first", "second"] });
    const early = history.view();
    history.append({ t: "vector", step: 5, name: "hessian/eigenvalues", values: [4, 1] });
    expect(early.vectors("hessian/eigenvalues")).toEqual([{ step: 0, values: [3, 2], labels: ["first", "second"] }]);
    expect(history.view().vectors("hessian/eigenvalues")).toHaveLength(2);
    expect(history.viewAt(4).vectors("hessian/eigenvalues")).toHaveLength(1);
    expect(history.viewAt(4).vectorNames()).toEqual(["hessian/eigenvalues"]);
    expect(history.view().vectors("nothing")).toEqual([]);
    expect(history.view().earlier).toEqual([before]);
  });

  it("keeps values that are not finite", () => {
    const history = new RunHistory("run");
    [NaN, Infinity, -Infinity].forEach((value, step) => {
      history.append({ t: "step", step, values: { "loss/train": value } });
    });
    const loss = history.view().series("loss/train");
    expect([0, 1, 2].map((index) => loss.valueAt(index))).toEqual([NaN, Infinity, -Infinity]);
  });

  it("finds the first point at a step or later, and refuses records that go back in time or follow the end", () => {
    const history = new RunHistory("run");
    for (const step of [0, 3, 3, 7]) history.append({ t: "measure", step, values: { "sharpness/batch": step } });
    const series = history.view().series("sharpness/batch");
    expect([0, 1, 3, 4, 7, 8].map((step) => series.indexFrom(step))).toEqual([0, 1, 1, 3, 3, 4]);
    expect(() => {
      history.append({ t: "step", step: 6, values: {} });
    }).toThrow("cannot follow");
    history.append({ t: "end", step: 5, how: "failed" });
    expect(history.view().step).toBe(7);
    expect(() => {
      history.append({ t: "step", step: 8, values: {} });
    }).toThrow("ended");
  });

  it("takes a million steps, and its views do not copy them", () => {
    const history = historyOf(1_000_000);
    const view = history.view();
    const loss = view.series("loss/train");
    expect(loss.length).toBe(1_000_000);
    expect(loss.indexFrom(654_321)).toBe(654_321);
    expect(history.viewAt(10).series("loss/train").length).toBe(11);
  });
});
