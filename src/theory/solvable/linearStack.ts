/** What laws about networks of linear layers ask of a run, and what they read of its data. */
import type { Need } from "../law.ts";
import type { RunView } from "../runView.ts";

/** A mode of the data's correlation of inputs and targets, in units of the loss: see the observables of `linear/…`. */
export interface LinearMode {
  /** s: its strength u grows at the rate 2·s in time η·steps while it is small. */
  readonly signal: number;
  /** λ: it comes to rest at s/λ. */
  readonly variance: number;
  /** How far it is from learning by itself. */
  readonly coupling: number;
}

export interface LinearData {
  readonly layers: number;
  /** The loss of the best linear map, and of none. */
  readonly leastLoss: number;
  readonly emptyLoss: number;
  /** Strongest first. */
  readonly modes: readonly LinearMode[];
}

export const needLinearStack: Need = {
  what: "a network of linear layers under a squared error, and its data",
  met: (view) => view.series("linear/leastLoss").length > 0,
};

function firstOf(view: RunView, observable: string): number {
  const series = view.series(observable);
  return series.length === 0 ? NaN : series.valueAt(0);
}

/** Undefined where it was not measured, or is no data of a loss. */
export function linearData(view: RunView): LinearData | undefined {
  const [signal, variance, coupling] = ["signal", "variance", "coupling"].map(
    (what) => view.vectors(`linear/${what}`)[0]?.values ?? [],
  );
  const modes = (signal ?? []).map((each, index) => ({
    signal: each,
    variance: variance?.[index] ?? NaN,
    coupling: coupling?.[index] ?? NaN,
  }));
  const [layers, leastLoss, emptyLoss] = ["layers", "leastLoss", "emptyLoss"].map((what) =>
    firstOf(view, `linear/${what}`),
  );
  if (layers === undefined || leastLoss === undefined || emptyLoss === undefined) return undefined;
  return layers >= 1 && leastLoss >= 0 && emptyLoss > leastLoss && emptyLoss < Infinity
    ? { layers, leastLoss, emptyLoss, modes }
    : undefined;
}

/** Part of what there is to learn that may be missing where a loss has come to the least one: the map is then within 1 %. */
const closeness = 1e-4;

/** Whether from a step on all losses were that of the best map. */
export function isAtBestMap(view: RunView, { leastLoss, emptyLoss }: LinearData, from: number): boolean {
  const loss = view.series("loss/train");
  return loss.maximum(loss.indexFrom(from), loss.length) <= leastLoss + closeness * (emptyLoss - leastLoss);
}
