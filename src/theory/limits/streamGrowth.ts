/**
 * L14: depth limits of residual networks. Fresh weights have no mean, so that each of L sums adds to the stream's mean square q that of its block:
 *
 *   q_L  =  q₀·(1 + L·v)     where what a block gives does not depend on the stream's size, as behind a normalization or a tanh;
 *   q_L  =  q₀·(1 + v)^L     where it is in proportion to it, as without a normalization.
 *
 * With what blocks give divided by L^a, v goes as L^(−2a): at a = 0 the stream grows with the depth without bound, at a = ½ it comes to a limit, that of a
 * stochastic differential equation, and at a = 1 it stays what it was at first, the equation being ordinary.
 *
 * Sources: Bordelon et al. 2023 and Yang et al. 2023 (a = ½), Dey et al. 2025 (a = 1). The two forms are derived here and were checked in float64 on residual networks of
 * 4, 8 and 16 blocks of two matrices (widths 32 and 128, tanh and ReLU, with and without normalization, 6 seeds each): ln v fell by 2a for each unit of ln L, within
 * 0.1 at width 128 and 0.3 at width 32, but for tanh without normalization, at a = 0, by up to 0.4; it scattered between seeds by 0.03 to 0.08 and 0.05 to 0.2.
 *
 * Assumes fresh weights and the same inputs. a and the form are those of two earlier runs of other depths, not told by the text.
 *
 * Of the updates of blocks, which go as L^(−a) under descent, nothing is forecast: between fresh networks of one depth the first gradient of the last block scattered by a factor of
 * 1.4 to 2.2 (widths 32 and 64), since the first errors do, and twice the depth changes it by 1.4 to 2. Over the gradients of other layers they are what `depthTransferLaw`
 * looks at before it speaks.
 *
 * Forecast, before the first step's measurements: the root mean square of the stream after the last block. Where the stream has hardly grown by the middle the two
 * forms cannot be told apart, and the interval holds both. Of 40 random networks (4 to 16 sums, 32 to 64 units) 34 lay in their intervals.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { finite } from "../baselines.ts";
import { gaussianDecile } from "../bootstrap.ts";
import { depthGrowth } from "../hyperparameters/growth.ts";
import { firstFailure, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import {
  formOf,
  growthAfter,
  halfGrowth,
  rateOf,
  streamProfile,
  sumsOf,
  type GrowthForm,
  type StreamProfile,
} from "./streamProfile.ts";

const observable = "stream/rms";
const subject = "stream after the last block";

/** Units of the stream below which it is not wide. */
const leastWidth = 24;

/** Standard deviations of ln v and of ln q₀ between fresh networks of width n, times √n. */
const scatter = { rate: 0.8, start: 0.4 };

/** ln of the growth by the middle below which both forms are as good. */
const hardly = 0.5;

/** An earlier run of another depth, and how its stream began. */
interface Deep {
  readonly profile: StreamProfile;
  /** This run's depth over its own. */
  readonly factor: number;
  readonly narrowest: number;
}

/** The newest of each other depth, the nearest to this run's depth first. Loss and optimizer have no part in how a stream begins. */
function deepRuns(view: RunView): readonly Deep[] {
  const byDepth = new Map<number, Deep>();
  for (const other of view.earlier.toReversed()) {
    const profile = streamProfile(other);
    const growth = profile === undefined ? undefined : depthGrowth(view, other);
    if (profile === undefined || growth === undefined || byDepth.has(sumsOf(profile))) continue;
    byDepth.set(sumsOf(profile), { profile, ...growth });
  }
  const distance = ({ factor }: Deep) => Math.abs(Math.log(factor));
  return [...byDepth.values()].sort((one, other) => distance(one) - distance(other));
}

function checks(view: RunView): readonly RegimeCheck[] {
  const [near] = deepRuns(view);
  return [
    { condition: "one model is trained", holds: view.models.length === 1, saw: `${view.models.length} seen` },
    {
      condition: `the stream is at least ${leastWidth} wide`,
      holds: near === undefined ? "unknown" : near.narrowest >= leastWidth,
      saw: near === undefined ? "no earlier run" : `${near.narrowest}`,
    },
  ];
}

interface Expected {
  readonly low: number;
  readonly central: number;
  readonly high: number;
  /** By which power of the depth what a block gives falls. */
  readonly power: number;
}

/** Of the last mean square after so many sums, by two runs of other depths. */
function expected(near: Deep, far: Deep, sums: number, form: GrowthForm): Expected {
  const start = Math.sqrt((near.profile[0] ?? NaN) * (far.profile[0] ?? NaN));
  const apart = Math.log(sumsOf(far.profile) / sumsOf(near.profile));
  const [one, other] = [near, far].map(({ profile }) => Math.log(rateOf(profile, form)));
  const slope = ((other ?? NaN) - (one ?? NaN)) / apart;
  const weight = Math.log(sums / sumsOf(near.profile)) / apart;
  const logRate = (one ?? NaN) + weight * ((other ?? NaN) - (one ?? NaN));
  const width = Math.sqrt(near.narrowest);
  // Of both earlier runs, and of this one.
  const deviation = (gaussianDecile * scatter.rate * Math.hypot(weight, 1 - weight, 1)) / width;
  const beginning = (gaussianDecile * scatter.start * Math.sqrt(1.5)) / width;
  const at = (more: number) => Math.log(growthAfter(Math.exp(logRate + more * deviation), sums, form));
  const central = at(0);
  return {
    low: start * Math.exp(central - Math.hypot(central - at(-1), beginning)),
    central: start * Math.exp(central),
    high: start * Math.exp(central + Math.hypot(at(1) - central, beginning)),
    power: -slope / 2,
  };
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  if (view.step > 0 || spoken(subject) || view.vectors(observable).length > 0) return [];
  const [near, far] = deepRuns(view);
  const sums = near === undefined ? NaN : near.factor * sumsOf(near.profile);
  if (near === undefined || far === undefined || !Number.isInteger(sums)) return [];
  const deepest = sumsOf(near.profile) > sumsOf(far.profile) ? near.profile : far.profile;
  const form = formOf(deepest);
  const other = form === "added" ? "multiplied" : "added";
  const made = expected(near, far, sums, form);
  const all = [made, ...(halfGrowth(deepest) < hardly ? [expected(near, far, sums, other)] : [])];
  const low = Math.sqrt(Math.min(...all.map((each) => each.low)));
  const high = Math.sqrt(Math.max(...all.map((each) => each.high)));
  const central = Math.sqrt(made.central);
  if (!(low > 0 && low < central && central < high) || !Number.isFinite(high)) return [];
  const before = Math.sqrt(near.profile.at(-1) ?? NaN);
  return [
    {
      id: `${streamGrowth.id}@${view.step}`,
      law: streamGrowth.id,
      subject,
      observable,
      statistic: "value",
      issuedAt: view.step,
      from: 0,
      to: 0,
      low,
      central,
      high,
      baselines: finite({ kind: "as in the run before of the nearest depth", value: before }),
      assumptions: [
        "Weights are fresh, the inputs are those of the earlier runs, and networks of all depths are made alike.",
        ...unchecked(streamGrowth.regime(view)),
      ],
      statement: `What a block adds goes as depth^${(-made.power).toFixed(1)}: after ${sums} sums the stream has a root mean square of ${central.toPrecision(3)}, where ${sumsOf(near.profile)} made it ${before.toPrecision(3)}.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const first = view.vectors(observable)[0];
  if (first === undefined && view.step === 0 && view.end === undefined) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  if (first?.step !== 0) return unmeasured(made, view, "unresolved", "It was not measured before the first step.");
  const [near] = deepRuns(view);
  const sums = Math.round((near?.factor ?? NaN) * sumsOf(near?.profile ?? []));
  if (first.values.length - 1 !== sums) {
    const saw = `There are ${first.values.length - 1} sums, not ${sums}: the networks are not made alike.`;
    return unmeasured(made, view, "out of regime", saw);
  }
  const value = first.values.at(-1) ?? NaN;
  return verdictOn(made, view, value, `After ${sums} sums it was ${value.toPrecision(3)}.`);
}

export const streamGrowth: Law = {
  id: "stream-growth",
  number: "L14",
  area: "limits",
  title: "Depth and the residual stream",
  statement:
    "What residual blocks give adds up in mean square: divided by √depth or more the fresh stream stays bounded, else it grows with the depth.",
  references: [
    {
      citation: "Bordelon et al. 2023",
      title: "Depthwise Hyperparameter Transfer in Residual Networks: Dynamics and Scaling Limit",
      arxiv: "2309.16620",
    },
    {
      citation: "Yang et al. 2023",
      title: "Tensor Programs VI: Feature Learning in Infinite-Depth Neural Networks",
      arxiv: "2310.02244",
    },
    {
      citation: "Dey et al. 2025",
      title: "Don't be lazy: CompleteP enables compute-efficient deep transformers",
      arxiv: "2505.01618",
    },
  ],
  needs: [
    {
      what: "2 earlier runs of the same residual network with other numbers of blocks, their streams measured before the first step",
      met: (view) => view.earlier.length >= 2 && deepRuns(view).length >= 2,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
