/**
 * L40: updates of low rank. What training adds to a hidden matrix, ΔW = W − W₀, lies in few directions: its stable rank ‖ΔW‖²/‖ΔW‖₂² (Frobenius
 * over spectral norm) stays far below that of a random n×p matrix, n·p/(√n + √p)², although W as a whole has full rank.
 *
 * Source: Boix-Adsera et al. 2023, who prove it for diagonal weights and small initializations, and see it in transformers. That it is to be
 * a tenth or a fifth of the smaller side, or that jumps of the rank come with drops of the loss, is not borne out: here nothing jumped.
 * What was found here, in float64 on networks of 2 and 3 hidden layers (32 to 80 units; tanh and ReLU; descent and Adam; batches of 8, 16 and all;
 * initializations of usual size), is that the stable rank begins near 1, rises with the logarithm of the steps, and is decided by the number of
 * outputs: at most 4.4 with one, 5 to 7.3 with ten, 8.3 to 9.2 with twenty, where a random matrix of 64×64 has 16. The largest share of the random
 * one's was 0.46 where that was at least 1.5 times the outputs, over 38 runs, and 0.77 below. Networks that learn random labels by heart come
 * to 0.56 and 0.74: that breaks it. In first and last layers it is not so: their smaller side is that of data and outputs.
 *
 * Forecast, before the first step, for each matrix between the first and the last: the largest stable rank of ΔW in the run is at most half that of a
 * random matrix. The statement is one-sided: the lower end is 1, the least there is.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { endOfRun } from "../law.ts";
import { finiteLoss, firstFailure, needObjective, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn, window } from "../score.ts";

/** Of the random matrix' stable rank, what that of an update is at most. */
const mostOfRandom = 0.5;

/** The random matrix' stable rank over the number of outputs, and in itself, below which nothing is low. */
const leastPerOutput = 1.5;
const leastRandom = 8;

/** Stable rank that updates come to, of one output and with each further one: a guess from the networks above. */
const [ofOne, ofEach] = [3, 0.3];

/** Steps before which nearly every update is of low rank, and measurements that are too few. */
const leastSteps = 100;
const leastMeasurements = 3;

/** The least stable rank there is, in float32. */
const rounded = 1 - 1e-3;

const prefix = "update/stableRank@";

interface HiddenMatrix {
  readonly layer: string;
  /** Stable rank of a random matrix of its shape. */
  readonly ofRandom: number;
}

/** Matrices between the first and the last, of modules that have one. */
function hiddenMatrices(view: RunView): readonly HiddenMatrix[] {
  const [model, ...others] = view.models;
  if (model === undefined || others.length > 0) return [];
  const weighted = model.modules.flatMap(({ path, parameterShapes }) => {
    const matrices = parameterShapes.filter(({ length }) => length >= 2);
    return matrices.length === 0 ? [] : [{ path, matrices }];
  });
  return weighted.slice(1, -1).flatMap(({ path, matrices: [shape, ...more] }) => {
    const [rows = 0, columns = 0] = shape ?? [];
    if (shape?.length !== 2 || more.length > 0) return [];
    return [{ layer: path, ofRandom: stableRankLimit(rows, columns) }];
  });
}

/** n·p/(√n + √p)², the stable rank of independent entries in the limit of large n and p. Source: Marchenko and Pastur 1967. */
export function stableRankLimit(rows: number, columns: number): number {
  return (rows * columns) / (Math.sqrt(rows) + Math.sqrt(columns)) ** 2;
}

/** Numbers that the loss looks at for an example; undefined where that is not known. */
function outputsOf({ objective }: RunView): number | undefined {
  if (objective?.kind === "binaryCrossEntropy") return objective.outputs ?? 1;
  return objective?.classes ?? objective?.outputs;
}

function isWide({ ofRandom }: HiddenMatrix, outputs: number): boolean {
  return ofRandom >= Math.max(leastRandom, leastPerOutput * outputs);
}

function checks(view: RunView): readonly RegimeCheck[] {
  const outputs = outputsOf(view);
  const widest = Math.max(0, ...hiddenMatrices(view).map(({ ofRandom }) => ofRandom));
  const least = Math.max(leastRandom, leastPerOutput * (outputs ?? NaN));
  return [
    {
      condition: "a hidden matrix is wide beside the number of outputs",
      holds: outputs === undefined ? "unknown" : widest >= least,
      saw: `a random one of its shape has a stable rank of ${widest.toPrecision(2)}, with ${outputs ?? "an unknown number of"} outputs`,
    },
    finiteLoss(view),
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const outputs = outputsOf(view);
  if (view.step > 0 || outputs === undefined) return [];
  return hiddenMatrices(view).flatMap((matrix) => {
    const { layer, ofRandom } = matrix;
    if (spoken(layer) || !isWide(matrix, outputs)) return [];
    const high = mostOfRandom * ofRandom;
    return [
      {
        id: `${lowRankUpdates.id}/${layer}@${view.step}`,
        law: lowRankUpdates.id,
        subject: layer,
        observable: prefix + layer,
        statistic: "maximum" as const,
        issuedAt: view.step,
        from: view.step + 1,
        to: endOfRun,
        low: rounded,
        central: Math.min(ofOne + ofEach * (outputs - 1), (1 + high) / 2),
        high,
        isBound: true as const,
        baselines: [{ kind: "a random matrix of its shape", value: ofRandom }],
        assumptions: [
          "The labels have something to do with the inputs: random ones, learned by heart, take more directions.",
          ...unchecked(lowRankUpdates.regime(view)),
        ],
        statement: `What training adds to ${layer} has a stable rank of at most ${high.toPrecision(2)}, half that of a random matrix: it can be stored, or adapted, as a product of two thin ones.`,
      },
    ];
  });
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const series = view.series(made.observable);
  const { first, end } = window(series, made.from, made.to);
  const largest = series.maximum(first, end);
  const isOver = end - first >= leastMeasurements && largest > made.high;
  if (view.end === undefined && !isOver) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  if (end - first < leastMeasurements || !Number.isFinite(largest)) {
    return unmeasured(made, view, "unresolved", `It was measured ${end - first} times, or was not finite.`);
  }
  if (!isOver && view.step < leastSteps) {
    return unmeasured(
      made,
      view,
      "unresolved",
      `The run ended before step ${leastSteps}, when any update is of low rank.`,
    );
  }
  const lookFor = isOver ? " Look for labels that do not follow from the inputs." : "";
  return verdictOn(made, view, largest, `Up to step ${view.step} it was at most ${largest.toPrecision(3)}.${lookFor}`);
}

export const lowRankUpdates: Law = {
  id: "low-rank-updates",
  number: "L40",
  area: "universality",
  title: "Updates of low rank",
  statement: "What training adds to a wide hidden matrix has at most half the stable rank of a random matrix.",
  references: [
    {
      citation: "Boix-Adsera et al. 2023",
      title: "Transformers learn through gradual rank increase",
      arxiv: "2306.07042",
    },
  ],
  needs: [
    needObjective,
    { what: "a hidden layer with a matrix, between others", met: (view) => hiddenMatrices(view).length > 0 },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
