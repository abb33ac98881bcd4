/**
 * L02: how long a plateau lasts. Training that begins small goes from saddle to saddle: the loss stands still while the weights leave the saddle
 * along its direction of most negative curvature, exponentially, and then drops. Near the saddle a step of gradient descent lowers the loss by
 * η‖g‖², and the gradient grows by e^r a step, so that the loss is below the plateau by
 *
 *   A = p·η‖g‖²/(2r),    and by Δ after    p/(2r(p−1))·(1 − (A/Δ)^(p−1))    more steps,
 *
 * with p = 1 at a saddle that has a curvature, where the second is ln(Δ/A)/(2r), and p = 2 − 2/L where L layers vanish together, whose growth
 * is faster than exponential: A′ ∝ A^p. The exponent is read off the growth itself, p = 1/(1 − q) with q = (dr/dt)/(2r²).
 *
 * Sources: Jacot et al. 2021 (saddle to saddle, p = 2 − 2/L by balanced homogeneous layers); Saxe, McClelland and Ganguli 2014 for linear networks.
 * A and the time are derived here from the loss's own descent, A′ = η‖g‖², and checked in float64.
 *
 * Assumes plain gradient descent on the whole data set. It speaks where the loss has stood still while the gradient's norm grew threefold, evenly or
 * ever faster, by as much as the loss has fallen meanwhile, and the drop is still to come: of the step at which the loss will be a tenth below. Once
 * a plateau. A growth whose rate still rises ever more slowly is mixed with what dies out, and is waited for.
 *
 * At the edge of stability the gradient grows too, by steps that overshoot: there it is out of regime.
 *
 * The drop slows down before it ends, as −ln(1 − Δ/D) more in the logarithm of A says, where all of it is D: 0.3, for a D of some four tenths of the loss.
 *
 * Interval: the exponent may lie a third of the way nearer to 1 or a sixteenth nearer to 2, the time left is off by 2 %, and the slowing between 0.15 and 0.5. On
 * 24 plateaus of linear networks of two to four layers and 21 of tanh networks with one and two hidden layers (float64) 43 held, with a median skill of 1.0;
 * without the slowing, drops of tanh networks came after 1.05 to 1.18 times the time forecast. A straight line at the present descent was off by ten times as much or
 * more. On 32 ordinary trainings of tanh networks, some at the edge of stability, it said nothing.
 */
import { finite } from "../baselines.ts";
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { learningRateOf, plainDescentChecks } from "../plainDescent.ts";
import { finiteLoss, firstFailure, needOptimizer, needSeries, regimeOf, unchecked } from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { unmeasured, verdictOn, weightedLine } from "../score.ts";

/** Growth of the gradient's norm that the rate is read off. */
const growth = 3;

/** Points that are looked at, and the fewest that show a rate. */
const mostPoints = 128;
const leastPoints = 12;

/** Root mean square distance from an even growth, in ln‖g‖. */
const mostScatter = 0.05;

/** Relative change of the rate that an even growth may have. */
const mostUneven = 0.03;

/** Part of the loss by which it may have fallen on a plateau, and by which it is lower after the drop. */
const flat = 0.015;
const drop = 0.1;

/** Δ/A below which the drop has all but begun. */
const leastAhead = 5;

/** The loss may have fallen by so many times what the growth accounts for, or as little of it. */
const agreement = 2;

/** A loss in float32 does not show less than this part of itself. */
const visible = 1e-5;

/** η times the sharpness above which a step overshoots, or nearly. */
const mostSharp = 1.7;

/** Relative error of the time that is left. */
const timeError = 0.02;

/** Part of the way to the largest exponent, 2, and to the least, 1, that the measured one leaves open. */
const exponentError = { above: 1 / 16, below: 1 / 3 };

export interface Escape {
  /** A: how far the loss is below the plateau. */
  readonly fallen: number;
  /** r: by e^r a step the gradient grows now. */
  readonly rate: number;
  /** p of A′ ∝ A^p. */
  readonly exponent: number;
}

/**
 * What the drop's own end adds to the logarithm of A: −ln(1 − Δ/D), where a whole drop is D. It is 0 for a drop by far more than the tenth that is waited for, and
 * 0.3 and 1 for one of 4 and 1.6 times that.
 */
const slowing = { least: 0.15, usual: 0.3, most: 0.5 };

/** Steps that a slowing by so much in the logarithm adds where the loss is by `depth` below the plateau: there A grows by (2r/p)·(Δ/A)^(p−1) of itself a step. */
function slowedSteps({ fallen, rate, exponent }: Escape, depth: number, by: number): number {
  return ((by * exponent) / (2 * rate)) * (fallen / depth) ** (exponent - 1);
}

/** Steps until the loss is by `depth` below the plateau. */
export function stepsToDrop({ fallen, rate, exponent }: Escape, depth: number): number {
  const ahead = Math.log(depth / fallen);
  const excess = exponent - 1;
  const stretch = excess < 1e-6 ? ahead : -Math.expm1(-excess * ahead) / excess;
  return (exponent * stretch) / (2 * rate);
}

/** Rate and exponent of a growth that is even; undefined where it is not. */
export function escape(gradient: Series, learningRate: number): Escape | undefined {
  const last = gradient.length - 1;
  const now = last < 0 ? NaN : gradient.valueAt(last);
  if (!(now > 0 && now < Infinity) || last < leastPoints) return undefined;
  // Most runs are not on a plateau that they leave: a few looks show it.
  if (!(gradient.valueAt(last - leastPoints) < now)) return undefined;
  const first = beginning(gradient, now / growth);
  if (first === undefined || last - first < leastPoints) return undefined;
  const points = between(gradient, first, last);
  const third = Math.floor(points.length / 3);
  const parts = [points.slice(0, third), points.slice(third, 2 * third), points.slice(2 * third)];
  const [begun, midway, ending] = parts.map(weightedLine);
  if (begun === undefined || midway === undefined || ending === undefined) return undefined;
  if (!(begun.slope > 0 && midway.slope > 0 && ending.slope > 0)) return undefined;
  const squares = [begun, midway, ending].flatMap((line, index) =>
    (parts[index] ?? []).map(({ x, y }) => (y - line.intercept - line.slope * x) ** 2),
  );
  if (!(Math.sqrt(squares.reduce((sum, each) => sum + each, 0) / squares.length) <= mostScatter)) return undefined;
  const [before, after] = [midway.slope - begun.slope, ending.slope - midway.slope];
  const span = (gradient.stepAt(last) - gradient.stepAt(first)) / 3;
  // A growth that is still mixed with what dies out gathers speed ever more slowly: its rate is not yet seen.
  if (after < before && after > mostUneven * midway.slope) return undefined;
  if (after < -mostUneven * midway.slope) return undefined;
  const acceleration = after < before ? 0 : Math.max(0, after) / span;
  // Between one saddle's and that of infinitely many layers.
  const q = Math.min(0.5, acceleration / (2 * midway.slope * ending.slope));
  const rate = ending.slope + (acceleration * span) / 2;
  const exponent = 1 / (1 - q);
  return { fallen: (exponent * learningRate * now ** 2) / (2 * rate), rate, exponent };
}

/** Index of the last point that is not above a level, within a limited look back; undefined where there is none, or a later one falls much. */
function beginning(series: Series, level: number): number | undefined {
  const last = series.length - 1;
  const stride = Math.max(1, Math.floor(last / (16 * mostPoints)));
  let least = series.valueAt(last);
  for (let index = last; index >= 0; index -= stride) {
    const value = series.valueAt(index);
    if (!(value > 0) || value > 1.1 * least) return undefined;
    least = Math.min(least, value);
    if (value <= level) return index;
  }
  return undefined;
}

function between(series: Series, first: number, last: number) {
  const stride = Math.max(1, Math.floor((last - first) / mostPoints));
  const points = [];
  for (let index = last; index >= first; index -= stride) {
    points.push({ x: series.stepAt(index), y: Math.log(series.valueAt(index)), weight: 1 });
  }
  return points.reverse();
}

function checks(view: RunView): readonly RegimeCheck[] {
  const sharpness = view.series("sharpness/batch");
  const product = sharpness.length === 0 ? NaN : learningRateOf(view) * sharpness.valueAt(sharpness.length - 1);
  return [
    ...plainDescentChecks(view, "no momentum"),
    finiteLoss(view),
    {
      // At the edge of stability the gradient grows as well, by steps that overshoot.
      condition: `η times the sharpness is at most ${mostSharp}`,
      holds: Number.isNaN(product) ? "unknown" : product <= mostSharp,
      saw: Number.isNaN(product) ? "not measured" : product.toPrecision(3),
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const [loss, gradient] = [view.series("loss/train"), view.series("gradient/norm")];
  const height = loss.length === 0 ? NaN : loss.valueAt(loss.length - 1);
  if (!(height > 0 && height < Infinity)) return [];
  // Plateaus whose heights differ by two fifths or more are different ones: this one may have crept into the next class.
  const level = Math.round(Math.log(height) / (2 * drop));
  const subject = subjectOf(level);
  if (spoken(subject) || spoken(subjectOf(level + 1))) return [];
  const found = escape(gradient, learningRateOf(view));
  if (found === undefined || !isFlat(loss, gradient, found)) return [];
  const depth = drop * height;
  if (!(depth >= leastAhead * found.fallen)) return [];
  const step = gradient.stepAt(gradient.length - 1);
  // An exponent is measured badly, and rather too high where growth is still gathering speed.
  const toward = (exponent: number, part: number) =>
    stepsToDrop({ ...found, exponent: found.exponent + part * (exponent - found.exponent) }, depth);
  const slowed = (by: number) => slowedSteps(found, depth, by);
  const [low, central, high] = [
    step + (1 - timeError) * toward(2, exponentError.above) + slowed(slowing.least),
    step + stepsToDrop(found, depth) + slowed(slowing.usual),
    step + (1 + timeError) * toward(1, exponentError.below) + slowed(slowing.most),
  ];
  if (!(low > view.step) || !Number.isFinite(high)) return [];
  return [
    {
      id: `${plateauEscape.id}/${subject}@${view.step}`,
      law: plateauEscape.id,
      subject,
      observable: "loss/train",
      statistic: "crossingStep",
      issuedAt: view.step,
      from: view.step + 1,
      to: Math.ceil(step + 3 * (high - step)),
      low,
      central,
      high,
      baselines: finite({
        kind: "straight line at the present descent",
        value: step + lineSteps(view, gradient, depth),
      }),
      assumptions: ["The learning rate and the data stay as they are.", ...unchecked(plateauEscape.regime(view))],
      statement: `The loss stands still at ${height.toPrecision(3)}, but the gradient grows by ${(100 * Math.expm1(found.rate)).toPrecision(2)} % a step: it will have dropped by a tenth at about step ${central.toFixed(0)}. Do not stop here.`,
    },
  ];
}

function lineSteps(view: RunView, gradient: Series, depth: number): number {
  return depth / (learningRateOf(view) * gradient.valueAt(gradient.length - 1) ** 2);
}

function subjectOf(level: number): string {
  return `plateau ${level}`;
}

/** Whether the loss has fallen by little since the gradient was a third of what it is, and by what the growth accounts for. */
function isFlat(loss: Series, gradient: Series, { fallen, exponent }: Escape): boolean {
  const last = gradient.valueAt(gradient.length - 1);
  const from = beginning(gradient, last / growth);
  if (from === undefined) return false;
  const index = loss.indexFrom(gradient.stepAt(from));
  if (index >= loss.length) return false;
  const [before, now] = [loss.valueAt(index), loss.valueAt(loss.length - 1)];
  if (!(Math.abs(before - now) <= flat * now)) return false;
  // A ∝ ‖g‖^(2/p)
  const expected = fallen * (1 - growth ** (-2 / exponent));
  return expected >= visible * now && before - now <= agreement * expected && before - now >= expected / agreement;
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const loss = view.series(made.observable);
  const level = (1 - drop) * heightAt(made, view);
  const last = loss.length === 0 ? NaN : loss.valueAt(loss.length - 1);
  const isOver = view.step > made.to || view.end !== undefined;
  if (!(last <= level) && !isOver && Number.isFinite(last)) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  for (let index = loss.indexFrom(made.from); index < loss.length; index++) {
    if (!(loss.valueAt(index) <= level)) continue;
    const step = loss.stepAt(index);
    return verdictOn(made, view, step, `The loss was a tenth below the plateau at step ${step}.`);
  }
  if (view.step > made.high) {
    return unmeasured(made, view, "broken", `At step ${view.step}, past the interval, the loss had not dropped.`);
  }
  return view.end === undefined
    ? undefined
    : unmeasured(made, view, "unresolved", "The run ended before the loss was due to drop.");
}

/** The loss on the plateau, when the forecast was made. */
function heightAt({ issuedAt }: Forecast, view: RunView): number {
  const loss = view.series("loss/train");
  const index = loss.indexFrom(issuedAt + 1) - 1;
  return index < 0 ? NaN : loss.valueAt(index);
}

export const plateauEscape: Law = {
  id: "plateau-escape",
  number: "L02",
  area: "solvable",
  title: "End of a plateau",
  statement:
    "On a plateau near a saddle the gradient grows exponentially, and its rate tells the step at which the loss drops.",
  references: [
    {
      citation: "Jacot et al. 2021",
      title: "Saddle-to-Saddle Dynamics in Deep Linear Networks: Small Initialization Training, Symmetry, and Sparsity",
      arxiv: "2106.15933",
    },
    {
      citation: "Saxe, McClelland and Ganguli 2014",
      title: "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks",
      arxiv: "1312.6120",
    },
  ],
  needs: [needOptimizer, needSeries("the gradient's norm", "gradient/norm"), needSeries("the loss", "loss/train")],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
