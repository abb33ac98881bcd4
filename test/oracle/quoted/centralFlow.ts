import { lossAbovePath, swing } from "../../../src/theory/empirical/centralFlow.ts";
import { edgeNetwork, inner, moved, sharpnessAlong } from "./edgeNetwork.ts";
import type { QuotedNumber } from "./quotedNumber.ts";
import { meanOf } from "./statistics.ts";

/** Steps that are averaged over, of which every eighth is looked at. */
const [averaged, stride] = [200, 8];

interface Descent {
  readonly seed: number;
  readonly rate: number;
  /** In the middle of the steps that are averaged over. */
  readonly step: number;
}

/** Gradient descent swings about the path through ¼·(w₋ + 2w + w₊): mean square along the sharpest direction, and loss above the path's, each over theory's. */
function swingOverTheory({ seed, rate, step: middle }: Descent) {
  const { whole, initial } = edgeNetwork(seed);
  const sharpness = sharpnessAlong(whole);
  const [squares, squaresOfTheory, losses]: [number[], number[], number[]] = [[], [], []];
  const look = (before: Float64Array, here: Float64Array, after: Float64Array) => {
    const path = here.map((each, index) => ((before[index] ?? NaN) + 2 * each + (after[index] ?? NaN)) / 4);
    const { vector } = sharpness(path);
    const gradient = whole.gradient(path);
    // ∇S = ∇(uᵀHu), by differences of the gradient along u: errors of h² and of 1e-16/h², both near 1e-8.
    const h = 1e-4;
    const sides = moved(whole.gradient(moved(path, h, vector)), 1, whole.gradient(moved(path, -h, vector)));
    const slope = moved(sides, -2, gradient).map((each) => each / h ** 2);
    squares.push(inner(vector, moved(here, -1, path)) ** 2);
    squaresOfTheory.push(swing(-inner(slope, gradient), Math.sqrt(inner(slope, slope))));
    losses.push(whole.loss(here) - whole.loss(path));
  };
  let [before, here] = [initial(), initial()];
  for (let step = 0; step < middle + averaged / 2; step++) {
    const after = moved(here, -rate, whole.gradient(here));
    if (step >= middle - averaged / 2 && step % stride === 0) look(before, here, after);
    [before, here] = [here, after];
  }
  const square = meanOf(squaresOfTheory);
  return { square: meanOf(squares) / square, loss: meanOf(losses) / lossAbovePath(square, 2 / rate) };
}

/**
 * Of the central flow (Damian, Nichani and Lee 2023, Cohen et al. 2025). What is quoted is of a network that is not told, measured and by theory; here it is
 * compared as the one over the other, within the errors of the law: 25 % of the square, and 35 % of the loss. The law asks for one direction that swings.
 * Of eight networks at each rate, these are the first where that is so: network 1 at η = 0.25, and network 5 at 0.5.
 */
export function quotedOfCentralFlow(): QuotedNumber[] {
  const by = "descent, over theory";
  const slow = [600, 900].map((step) => swingOverTheory({ seed: 1, rate: 0.25, step }).square);
  const fast = swingOverTheory({ seed: 5, rate: 0.5, step: 600 });
  const square = "mean square swing over theory's, 703 weights";
  return [
    { what: `${square}, η = 0.25, steps 500 to 700`, by, quoted: 3.28 / 3.3, within: 0.25, found: slow[0] ?? NaN },
    { what: `${square}, η = 0.25, steps 800 to 1000`, by, quoted: 1.36 / 1.52, within: 0.25, found: slow[1] ?? NaN },
    { what: `${square}, η = 0.5, steps 500 to 700`, by, quoted: 3.33 / 3.47, within: 0.25, found: fast.square },
    {
      what: "loss above the path's over theory's, 703 weights, η = 0.5, steps 500 to 700",
      ...{ by, quoted: 6.67 / 6.93, within: 0.35, found: fast.loss },
    },
  ];
}
