import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped, type Setting } from "../theoryStreams.ts";

export interface SingleIndex {
  readonly inputs: number;
  /** Of the Hermite polynomial of the first input, with mean square 1, that is the target. */
  readonly degree: 1 | 2 | 3;
  readonly seed: number;
  readonly units?: number;
  readonly rate?: number;
  /** At most; it ends earlier once the loss has long been low. */
  readonly steps?: number;
  /** Norm of each unit's first weights, on average. */
  readonly norm?: number;
  /** Part of its squared norm that noise adds to the first layer in a step, in random directions. */
  readonly noise?: number;
  readonly setting?: Setting;
}

/** Where training is over, and for how many steps it has to be. */
const low = 0.35;
const stays = 30;

/** Standard deviation of a readout's weights, and of the recorded losses about the expected one. */
const readout = 0.4;
const scatter = 0.1;

/**
 * Σⱼ aⱼ·‖wⱼ‖^k·h(wⱼ·x/‖wⱼ‖)/√n with h the target's own polynomial of degree k, trained in float64 on the expected squared error over Gaussian inputs, as by ever larger batches of
 * ever new examples: with ρ = wᵢ·wⱼ the products of two units have the mean ρ^k, those with the target w₁^k (Hermite polynomials are orthogonal).
 */
export function singleIndex(run: SingleIndex): readonly HistoryRecord[] {
  const { inputs, degree: k, units = 32, rate = 0.016, steps = 1500, seed, norm = 1, noise = 0, setting = {} } = run;
  const draw = gaussians(1000 * inputs + seed);
  const scale = 1 / Math.sqrt(units);
  const layer = Array.from({ length: units }, () =>
    Float64Array.from({ length: inputs }, () => (norm * draw()) / Math.sqrt(inputs)),
  );
  const outs = Float64Array.from({ length: units }, () => readout * draw());
  const shapes = [
    [inputs, units],
    [units, 1],
  ] as const;
  const records: HistoryRecord[] = [
    {
      ...({ t: "model", step: 0, id: "m", parameters: units * (inputs + 1), width: units, depth: 2 } as const),
      modules: shapes.map(([from, to], index) => ({
        ...{ path: `layer${index}`, kind: "Dense", parameterShapes: [[from, to]], parameters: from * to },
      })),
    },
    ...opening({
      ...{ batch: 256, examples: 256_000, ...setting },
      objective: { outputs: 1, ...setting.objective },
      group: { learningRate: rate, ...setting.group },
    }),
  ];
  let [step, since] = [0, 0];
  for (; step < steps && since < stays; step++) {
    if (step % 20 === 0) {
      const norms = { "weight/norm@layer0": Math.hypot(...layer.map(normOf)), "weight/norm@layer1": normOf(outs) };
      records.push(measured(step, norms));
    }
    const firsts = layer.map(([first = NaN]) => first);
    const errors = outs.map((_, unit) => -((firsts[unit] ?? NaN) ** k));
    const pulls = layer.map((own, unit) => {
      const pull = new Float64Array(inputs);
      layer.forEach((other, at) => {
        const product = inner(own, other);
        const out = scale * (outs[at] ?? NaN);
        errors[unit] = (errors[unit] ?? NaN) + out * product ** k;
        addTo(pull, other, out * product ** (k - 1));
      });
      pull[0] = (pull[0] ?? NaN) - (firsts[unit] ?? NaN) ** (k - 1);
      return pull;
    });
    const loss =
      1 + outs.reduce((sum, out, unit) => sum + scale * out * ((errors[unit] ?? NaN) - (firsts[unit] ?? NaN) ** k), 0);
    records.push(stepped(step, loss * (1 + scatter * draw())));
    since = loss < low ? since + 1 : 0;
    layer.forEach((own, unit) => {
      addTo(own, pulls[unit] ?? own, -2 * k * rate * scale * (outs[unit] ?? NaN));
      if (noise > 0) {
        const kick = Math.sqrt(noise / inputs) * norm;
        for (let at = 0; at < inputs; at++) own[at] = (own[at] ?? NaN) + kick * draw();
      }
    });
    addTo(outs, errors, -2 * rate * scale);
  }
  return [...records, { t: "end", step, how: "finished" }];
}

function inner(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] ?? NaN) * (other[at] ?? NaN);
  return sum;
}

function normOf(vector: Float64Array): number {
  return Math.sqrt(inner(vector, vector));
}

function addTo(vector: Float64Array, other: Float64Array, times: number): void {
  for (let at = 0; at < vector.length; at++) vector[at] = (vector[at] ?? NaN) + times * (other[at] ?? NaN);
}
