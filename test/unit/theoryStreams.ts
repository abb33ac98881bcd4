import { catalog } from "../../src/theory/catalog.ts";
import { RunHistory, type HistoryRecord } from "../../src/theory/history.ts";
import type { RunView } from "../../src/theory/runView.ts";
import type { Forecast, Law, Standing, Verdict } from "../../src/theory/law.ts";
import { isObservationPoint, Ledger } from "../../src/theory/ledger.ts";
import type { ObjectiveFacts, OptimizerFacts, ParameterGroup } from "../../src/theory/facts.ts";

export interface Followed {
  readonly issued: readonly Forecast[];
  readonly verdicts: readonly Verdict[];
  readonly standings: readonly Standing[];
  readonly refusals: readonly string[];
}

/** Does with a stream of records what a recorder does. */
export function follow(
  records: readonly HistoryRecord[],
  laws: readonly Law[] = catalog,
  earlier: readonly RunView[] = [],
): Followed {
  const history = new RunHistory("a run", () => earlier);
  const ledger = new Ledger(laws);
  const issued: Forecast[] = [];
  const verdicts: Verdict[] = [];
  const refusals: string[] = [];
  let standings: readonly Standing[] = [];
  for (const record of records) {
    history.append(record);
    if (!isObservationPoint(record)) continue;
    const observation = ledger.observe(history.view());
    issued.push(...observation.issued);
    verdicts.push(...observation.verdicts);
    refusals.push(...observation.refusals.map(({ message }) => message));
    standings = observation.standings;
  }
  return { issued, verdicts, standings, refusals };
}

export interface Setting {
  readonly kind?: OptimizerFacts["kind"];
  readonly group?: Partial<ParameterGroup>;
  readonly objective?: Partial<ObjectiveFacts>;
  readonly batch?: number;
  readonly examples?: number;
}

/** The records that come before the first step: plain full-batch gradient descent, η = 0.1, on a squared error. */
export function opening({ kind = "sgd", group = {}, objective = {}, batch = 64, examples = 64 }: Setting = {}) {
  return [
    { t: "begin" },
    { t: "objective", step: 0, kind: "meanSquaredError", reduction: "mean", regularized: false, ...objective },
    {
      t: "optimizer",
      step: 0,
      id: "o",
      kind,
      name: kind,
      groups: [{ parameters: 9, learningRate: 0.1, ...group }],
      schedule: "constant",
    },
    { t: "data", step: 0, examples, batch, fullBatch: batch === examples, how: "told by the test" },
  ] satisfies HistoryRecord[];
}

export function stepped(step: number, loss: number): HistoryRecord {
  return { t: "step", step, values: { "loss/train": loss } };
}

export function measured(step: number, values: Readonly<Record<string, number>>): HistoryRecord {
  return { t: "measure", step, values };
}

/** A run of which only the sharpness matters: measured every `every` steps, with losses in between. */
export function sharpnessRun(
  sharpness: (step: number) => number,
  { steps = 2000, every = 10, observable = "sharpness/batch", ...setting }: Setting & SharpnessRun = {},
): HistoryRecord[] {
  const records: HistoryRecord[] = opening(setting);
  for (let step = 0; step < steps; step++) {
    records.push(stepped(step, 1 / (1 + step)));
    if (step % every === 0) records.push(measured(step, { [observable]: sharpness(step) }));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

interface SharpnessRun {
  readonly steps?: number;
  readonly every?: number;
  readonly observable?: string;
}
