import { layerPairs, type LayerPair } from "../layerPairs.ts";
import { ForwardGraph } from "../forwardGraph.ts";
import { layerName } from "../layerName.ts";
import { optimizerKind } from "../optimizerFacts.ts";
import { notFinite } from "./layerUpdates.ts";
import type { Measurement, Observable, ObservedStep } from "./observable.ts";
import { squaredNorm } from "./vectors.ts";

/**
 * `balance/…@A→B` for consecutive weight matrices x ↦ f(x·A + a)·B under plain gradient descent, with the defect
 *
 *   D = AᵀA + a·aᵀ − B·Bᵀ   (f linear; only the diagonal for a rectifier),
 *
 * which one step changes by exactly η²·(G_AᵀG_A + g_a·g_aᵀ − G_B·G_Bᵀ) (Du, Hu and Lee 2018, for one step of a finite size).
 *
 * `defect`: Frobenius norm of D. `drift`: of D(t+1) − D(t). `residual`: of the drift less its exact value, over ‖A‖² + ‖B‖².
 * `gradient`: ‖G_A‖² + ‖G_B‖².
 */
export function balance(): Observable {
  let pairs: readonly LayerPair[] | undefined;
  return {
    name: "balance",
    price: "cheap",
    record: "measure",
    needsTrace: false,
    needsWeights: true,
    applies: (optimizer) =>
      optimizer !== undefined && optimizerKind(optimizer) === "sgd" && (pairs === undefined || pairs.length > 0),
    measure(step) {
      if (step.trace !== undefined) pairs ??= layerPairs(new ForwardGraph(step.trace));
      const measured = (pairs ?? []).map((pair) => ({ pair, values: pairValues(step, pair) }));
      if (measured.length === 0) return undefined;
      const isFinite = ({ values }: { values: Measurement["values"] }) => Object.values(values).every(Number.isFinite);
      const omitted = measured
        .filter((each) => !isFinite(each))
        .map(({ pair }) => notFinite(layerName(pair.first.name)));
      const values = measured.filter(isFinite).map((each) => each.values);
      return {
        values: Object.assign({}, ...values) as Measurement["values"],
        omitted,
        method: "from weights before and after",
      };
    },
  };
}

function pairValues(step: ObservedStep, pair: LayerPair): Readonly<Record<string, number>> {
  const before = sides(pair, (name) => step.weightsBefore(name));
  const after = sides(pair, (name) => step.weightsAfter(name));
  const gradient = sides(pair, (name) => step.gradient(name));
  if (before === undefined || after === undefined || gradient === undefined) return {};
  const defectBefore = difference(pair, before);
  const drift = difference(pair, after).map((value, index) => value - (defectBefore[index] ?? 0));
  // The optimizer multiplies by the rate in float32.
  const rate = Math.fround(step.learningRate);
  const exact = difference(pair, gradient);
  const residual = drift.map((value, index) => value - rate * rate * (exact[index] ?? 0));
  const scale = squaredNorm(before.first) + squaredNorm(before.second);
  const at = `@${layerName(pair.first.name)}→${layerName(pair.second.name)}`;
  return {
    [`balance/defect${at}`]: Math.sqrt(squaredNorm(defectBefore)),
    [`balance/drift${at}`]: Math.sqrt(squaredNorm(drift)),
    [`balance/residual${at}`]: Math.sqrt(squaredNorm(residual)) / scale,
    [`balance/gradient${at}`]: squaredNorm(gradient.first) + squaredNorm(gradient.second),
  };
}

/** Both matrices, or both gradients; the bias is one row more of the first. */
interface Sides {
  /** [rows, hidden] */
  readonly first: Float64Array;
  /** [hidden, columns] */
  readonly second: Float32Array;
}

function sides(pair: LayerPair, read: (name: string) => Float32Array | undefined): Sides | undefined {
  const first = read(pair.first.name);
  const bias = pair.bias === undefined ? new Float32Array() : read(pair.bias.name);
  const second = read(pair.second.name);
  if (first === undefined || bias === undefined || second === undefined) return undefined;
  const rows = new Float64Array(first.length + bias.length);
  rows.set(first);
  rows.set(bias, first.length);
  return { first: rows, second };
}

/** firstᵀ·first − second·secondᵀ, flat [hidden, hidden]; for a rectifier its diagonal, [hidden]. */
function difference(pair: LayerPair, { first, second }: Sides): Float64Array {
  const hidden = pair.second.shape[0] ?? 0;
  const columns = pair.second.shape[1] ?? 0;
  const rows = first.length / hidden;
  const isDiagonal = pair.between === "rectifier";
  const result = new Float64Array(isDiagonal ? hidden : hidden * hidden);
  for (let i = 0; i < hidden; i++) {
    for (let j = isDiagonal ? i : 0; j < (isDiagonal ? i + 1 : hidden); j++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += (first[row * hidden + i] ?? 0) * (first[row * hidden + j] ?? 0);
      for (let column = 0; column < columns; column++) {
        sum -= (second[i * columns + column] ?? 0) * (second[j * columns + column] ?? 0);
      }
      result[isDiagonal ? i : i * hidden + j] = sum;
    }
  }
  return result;
}
