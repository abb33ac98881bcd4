import { noiseFloor } from "../../../src/theory/empirical/learningRateDrop.ts";
import { noisyQuadratic } from "../../unit/streams/noisyQuadratic.ts";
import { byTheory, type QuotedNumber } from "./quotedNumber.ts";
import { meanOf } from "./statistics.ts";

/**
 * The quadratic is not told. Of this one, of curvatures evenly from 0.1 to 0.9, gradients of variance 1 along each and batches of 32, both the exact floor
 * and that of small steps are as quoted.
 */
const [directions, batch] = [25, 32];
const curvatures = Array.from({ length: directions }, (_, index) => 0.1 + (0.8 * index) / (directions - 1));
const traceOverBatch = directions / batch;

const steps = 40_000;

interface Plateau {
  readonly rate: number;
  readonly momentum: number;
}

/** Means over a plateau: of the loss, ⟨w·g⟩ and the squared length of a step. */
function plateau({ rate, momentum }: Plateau) {
  const records = noisyQuadratic({
    ...{ steps, seed: 3, batch, momentum, curvatures, rate: () => rate, every: steps },
    start: curvatures.map(() => 0.1),
    optimum: curvatures.map(() => 0),
    variances: curvatures.map(() => 1),
  });
  const mean = (name: string, power = 1) =>
    meanOf(
      records.flatMap((record) =>
        record.t === "step" && record.step >= 1000 ? (record.values[name] ?? NaN) ** power : [],
      ),
    );
  return { loss: mean("loss/train"), along: mean("gradient/alongWeights"), square: mean("update/norm", 2) };
}

/** Of the noise floor of descent on a quadratic, and of what is so where it is stationary (Yaida 2018, Mandt et al. 2017). */
export function quotedOfNoiseFloor(): QuotedNumber[] {
  const plain = { rate: 0.5, momentum: 0 };
  // η/(1 − μ) = 0.2 makes 0.0391 of what is quoted of small steps, 0.0977 at 0.5.
  const heavy = { rate: 0.02, momentum: 0.9 };
  const [ofPlain, ofHeavy] = [plateau(plain), plateau(heavy)];
  const floorOf = ({ rate, momentum }: Plateau, square: number) => noiseFloor(rate, momentum, square);
  const by = `descent, mean over ${steps} steps`;
  const byStep = "theory, by the squared length of steps of descent";
  // Of small steps the gradient is noise alone, and a step's squared length η²·tr Σ/B, with η/(1 − μ) for η.
  const small = (rate: number) => noiseFloor(rate, 0, rate ** 2 * traceOverBatch);
  const where = "of a quadratic of 25 directions";
  return [
    // The loss that is quoted is 0.0007 from the exact one, which is how well it is known: that and one of the scatter here, 0.0003.
    { what: `noise floor ${where}, η = 0.5`, by, quoted: 0.1114, within: 0.001, found: ofPlain.loss },
    // Two of what seeds scatter by, and so with momentum.
    {
      what: `noise floor ${where}, η = 0.5`,
      ...{ by: byStep, quoted: 0.1121, within: 0.0005, found: floorOf(plain, ofPlain.square) },
    },
    ...byTheory(0.5e-4, [
      [`noise floor ${where} by small steps, η = 0.5`, 0.0977, small(plain.rate)],
      [`noise floor ${where} by small steps, η/(1 − μ) = 0.2`, 0.0391, small(heavy.rate / (1 - heavy.momentum))],
    ]),
    { what: `noise floor ${where}, η = 0.02, μ = 0.9`, by, quoted: 0.0394, within: 0.0006, found: ofHeavy.loss },
    // These two are one number where descent is stationary. By how much they differ as quoted, 0.0018, tells how well they are known: two of it.
    {
      what: `⟨w·g⟩ ${where}, η = 0.02, μ = 0.9`,
      ...{ by, quoted: 0.0789, within: 0.0036, found: ofHeavy.along },
    },
    {
      what: `(1 + μ)·(η/2)·⟨|v|²⟩ ${where}, η = 0.02, μ = 0.9`,
      ...{ by: byStep, quoted: 0.0807, within: 0.0036, found: 2 * floorOf(heavy, ofHeavy.square) },
    },
  ];
}
