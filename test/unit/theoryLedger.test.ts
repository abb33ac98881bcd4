import { describe, expect, it } from "vitest";
import type { Forecast, Law } from "../../src/theory/law.ts";
import { ForecastRefused, isObservationPoint, Ledger } from "../../src/theory/ledger.ts";
import { RunHistory } from "../../src/theory/history.ts";
import { regimeOf } from "../../src/theory/regime.ts";
import { verdictOn } from "../../src/theory/score.ts";
import { follow, measured, opening, stepped } from "./theoryStreams.ts";

const sound: Forecast = {
  id: "loss@4",
  law: "test-law",
  subject: "",
  observable: "loss/train",
  statistic: "value",
  issuedAt: 4,
  from: 5,
  to: 9,
  low: 1,
  central: 2,
  high: 3,
  baselines: [{ kind: "persistence", value: 1 }],
  assumptions: [],
  statement: "A test's forecast.",
};

function runTo(step: number): RunHistory {
  const history = new RunHistory("run");
  for (const record of opening()) history.append(record);
  for (let each = 0; each <= step; each++) history.append(stepped(each, 1));
  return history;
}

function law(overrides: Partial<Law>): Law {
  return {
    id: "test-law",
    number: "L00",
    area: "solvable",
    title: "A law for tests",
    statement: "",
    references: [],
    needs: [],
    regime: () => regimeOf([]),
    forecast: () => [],
    score: () => undefined,
    ...overrides,
  };
}

describe("the ledger", () => {
  it("enters a forecast about the future, once for each law and subject", () => {
    const ledger = new Ledger([]);
    expect(ledger.issue(sound, runTo(4).view())).toBe(true);
    expect(ledger.issue({ ...sound, id: "again" }, runTo(4).view())).toBe(false);
    expect(ledger.issue({ ...sound, id: "other", subject: "other" }, runTo(4).view())).toBe(true);
    expect(ledger.open.map(({ id }) => id)).toEqual(["loss@4", "other"]);
  });

  it.each([
    ["about a step already observed", { from: 4 }, "has been observed up to step 4"],
    ["about the past of an observable never seen", { observable: "never", from: 3 }, "from step 3 on"],
    ["about no step", { from: 9, to: 5 }, "no step"],
    ["with an empty interval", { low: 2, high: 2 }, "nothing lies in its interval"],
    ["whose centre lies outside its interval", { central: 4 }, "nothing lies in its interval"],
    ["whose interval is not finite", { high: Infinity }, "not finite"],
    ["with a bound that is no number", { low: NaN }, "not finite"],
    ["made later than it says", { issuedAt: 3 }, "as of step 4"],
    ["made earlier than it says", { issuedAt: 5 }, "as of step 4"],
    ["of a crossing that may have been seen", { statistic: "crossingStep", low: 4, central: 6, high: 8 }, "may be 4"],
    ["of a least that may have been seen", { statistic: "minimumStep", low: 4, central: 6, high: 8 }, "may be 4"],
  ] as const)("refuses a forecast %s", (_, change, why) => {
    const ledger = new Ledger([]);
    const issue = () => ledger.issue({ ...sound, ...change }, runTo(4).view());
    expect(issue).toThrow(ForecastRefused);
    expect(issue).toThrow(why);
    expect(ledger.open).toEqual([]);
  });

  it("refuses a forecast about a run that has ended", () => {
    const history = runTo(4);
    history.append({ t: "end", step: 4, how: "finished" });
    expect(() => new Ledger([]).issue(sound, history.view())).toThrow("has ended");
  });

  it("tells a refusal, and lets the other laws go on", () => {
    const bad = law({ forecast: () => [{ ...sound, from: 0 }] });
    const good = law({
      id: "good",
      forecast: (view) => [{ ...sound, law: "good", issuedAt: view.step, from: 9, to: 9 }],
    });
    const { refusals, issued } = new Ledger([bad, good]).observe(runTo(4).view());
    expect(refusals.map(({ forecast }) => forecast.law)).toEqual(["test-law"]);
    expect(issued.map((forecast) => forecast.law)).toEqual(["good"]);
  });

  it("closes what is open at the end of a run as unresolved, with the reason", () => {
    const records = [...opening(), stepped(0, 1), { t: "end", step: 1, how: "stopped" } as const];
    const forever = law({ forecast: (view) => [{ ...sound, issuedAt: view.step, from: view.step + 1, to: 99 }] });
    const { verdicts } = follow(records, [forever]);
    expect(verdicts).toHaveLength(1);
    expect(verdicts[0]).toMatchObject({ outcome: "unresolved", scoredAt: 1 });
    expect(verdicts[0]?.reason).toContain("was stopped at step 1");
  });

  it("says why a law cannot speak, or that it is out of its regime, and does not ask it then", () => {
    const never = () => {
      throw new Error("It was asked.");
    };
    const needy = law({ needs: [{ what: "a miracle", met: () => false }], regime: never, forecast: never });
    const outside = law({
      id: "outside",
      regime: () => regimeOf([{ condition: "pigs fly", holds: false, saw: "none in the air" }]),
      forecast: never,
    });
    const { standings } = new Ledger([needy, outside, law({ id: "silent" })]).observe(runTo(1).view());
    expect(standings.map(({ says }) => says)).toEqual([
      "cannot speak: needs a miracle",
      "out of regime: not so that pigs fly (none in the air)",
      "in its regime; nothing to forecast yet",
    ]);
    expect(standings[0]?.regime).toBeUndefined();
  });

  it("goes on exactly as if it had never stopped, from its forecasts and verdicts", () => {
    const records = [
      ...opening(),
      ...[0, 1, 2, 3, 4, 8].flatMap((step) => [stepped(step, step), measured(step, { x: step })]),
    ];
    const twice = law({
      forecast: (view) =>
        view.step < 4
          ? [
              {
                ...sound,
                id: `${view.step}`,
                subject: `${view.step}`,
                issuedAt: view.step,
                from: view.step + 1,
                to: 99,
              },
            ]
          : [],
      score: (forecast, view) =>
        view.step >= forecast.from + 2 ? verdictOn(forecast, view, view.step, "") : undefined,
    });
    const whole = new Ledger([twice]);
    const history = new RunHistory("run");
    const all = records.map((record) => {
      history.append(record);
      return whole.observe(history.view());
    });
    for (let cut = 0; cut <= records.length; cut++) {
      const resumed = new Ledger([twice]);
      const before = all.slice(0, cut);
      resumed.restore(
        before.flatMap(({ issued }) => issued),
        before.flatMap(({ verdicts }) => verdicts),
      );
      const again = new RunHistory("run");
      const rest = records.flatMap((record, index) => {
        again.append(record);
        return index < cut ? [] : [resumed.observe(again.view())];
      });
      expect(rest).toEqual(all.slice(cut));
    }
  });

  it("looks after steps 0, 1, 2, 4 … 64, 128, 192 … and after every record that is no step", () => {
    const steps = Array.from({ length: 260 }, (_, step) => step).filter((step) =>
      isObservationPoint({ t: "step", step }),
    );
    expect(steps).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 192, 256]);
    expect(isObservationPoint({ t: "measure", step: 3 })).toBe(true);
    expect(isObservationPoint({ t: "end", step: 3 })).toBe(true);
    expect(isObservationPoint({ t: "note" })).toBe(true);
  });
});
