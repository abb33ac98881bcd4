/**
 * L37: representations agree. Networks of one architecture that begin at other weights come to put the same examples near each other, the more so the wider
 * they are: as mutual k nearest neighbours, the share of common ones rises with both widths n and n′, as with noise of relative variance c/n about
 * what an infinitely wide network has (`widthNoise`).
 *
 * Sources: Huh et al. 2024, §2 (the measure; larger and better networks agree more); Kornblith et al. 2019 (wider networks of other seeds agree more). Scores of
 * whole representations, as centred kernel alignment, rise with the width by themselves, while that of neighbourhoods, calibrated by shuffled examples, does
 * not (Gröger et al. 2026, whose score is cut off at zero). A layer is compared with the same layer, so that no maximum over layers has to be allowed for.
 *
 * c is that of earlier pairs. Checked in float64 on networks of two hidden layers (16 to 96 units; tanh and ReLU; Adam at one rate or in the maximal-update
 * parametrization, and descent; three tasks, 128 examples, 3 or 4 seeds a width): of equal widths the share rose in all of them, as from 0.54 over 0.64 to 0.72 for 16, 32
 * and 64 units. From one pair to another ln c scattered by 0.1 to 0.3, at 16 units by up to 0.65; with a network twice as wide it was larger by 0 to 0.25
 * (0.5 once), half as wide by −0.2 to 0.2. At one rate wider networks learn their features less, and agree less with others than noise alone has it. Of
 * 64 forecasts of random runs (24 to 48 units, widths mixed) 51 lay in the intervals that follow from that.
 *
 * Assumes that the examples are the same ones, by their inputs, that the schedule is, and that none of the runs began at the weights of another.
 *
 * Forecast, once for each hidden layer as soon as its neighbours are first measured: the calibrated share that it has in common with the newest earlier run when
 * this run ends. A share that falls, or stays, over a fourfold width is what the law excludes.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { endOfRun } from "../law.ts";
import { finite } from "../baselines.ts";
import { gaussianDecile } from "../bootstrap.ts";
import { sameSchedule } from "../hyperparameters/sameCurve.ts";
import {
  finiteLoss,
  firstFailure,
  needObjective,
  needOptimizer,
  oneOptimizer,
  regimeOf,
  unchecked,
} from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";
import { batchOf } from "../stepBatch.ts";
import { beganElsewhere } from "./beganElsewhere.ts";
import {
  comparedRuns,
  comparison,
  hiddenLayers,
  isAsLong,
  lastNeighbourhoods,
  late,
  leastShared,
  neighboursPrefix,
  newestNeighbourhoods,
  type Compared,
} from "./comparedRuns.ts";
import { calibrated, type Agreement } from "./neighbourhoods.ts";
import { correlationAt, correlationOf, noiseOf, shareOf } from "./widthNoise.ts";

/** Standard deviation of ln c between pairs of runs, and for each unit of the logarithm by which this run's width differs from theirs. */
const [scatter, drift] = [0.24, 0.25];

/** By how much ln c is larger in a wider network, for each unit of the logarithm of the width. */
const lean = 0.2;

/** Units below which a network is not wide. */
const leastWidth = 24;

function checks(view: RunView): readonly RegimeCheck[] {
  const runs = comparedRuns(view);
  const [base] = runs;
  const width = view.models[0]?.width;
  return [
    {
      condition: `the network is at least ${leastWidth} units wide`,
      holds: width === undefined ? "unknown" : width >= leastWidth,
      saw: `${width ?? "an unknown number"}`,
    },
    oneOptimizer(view),
    finiteLoss(view),
    ...(base === undefined ? [] : [sameSchedule(view, base.view)]),
    ownBeginnings([view, ...runs.map((each) => each.view)]),
  ];
}

/** Those that are known to share a beginning are no longer among them. */
function ownBeginnings(views: readonly RunView[]): RegimeCheck {
  const pairs = views.flatMap((one, index) => views.slice(index + 1).map((other) => beganElsewhere(one, other)));
  const unknown = pairs.filter((holds) => holds === "unknown").length;
  return {
    condition: "each of the runs began at weights of its own",
    holds: unknown > 0 ? "unknown" : true,
    saw:
      unknown > 0
        ? `no norms of the first weights of ${unknown} of ${pairs.length} pairs`
        : "norms of the first weights differ",
  };
}

interface Pair extends Agreement {
  /** ln c, c being the noise of this run's width. */
  readonly logNoise: number;
}

function pairsOf(runs: readonly Compared[], layer: string): readonly Pair[] {
  return runs.flatMap((one, index) =>
    runs.slice(index + 1).flatMap((other) => {
      const found = comparison(lastNeighbourhoods(one.view, layer), lastNeighbourhoods(other.view, layer));
      if (found === undefined) return [];
      const logNoise = Math.log(noiseOf(correlationOf(found.share, found.chance), one.width, other.width));
      return Number.isFinite(logNoise) ? [{ ...found, logNoise }] : [];
    }),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** ln c of this run and those before, and its standard deviation. */
function expectedNoise(
  runs: readonly Compared[],
  pairs: readonly Pair[],
): { readonly log: number; readonly error: number } {
  const wider = runs.map(({ width }) => -Math.log(width));
  return {
    log: mean(pairs.map(({ logNoise }) => logNoise)) + lean * Math.max(0, mean(wider)),
    error: Math.hypot(scatter * Math.sqrt(1 + 1 / pairs.length), drift * Math.max(...wider.map(Math.abs))),
  };
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const layers = hiddenLayers(view).filter((layer) => !spoken(layer));
  const runs = layers.length === 0 ? [] : comparedRuns(view);
  const [base] = runs;
  const from = Math.ceil(late * (base?.view.step ?? NaN));
  if (base === undefined || !(from > view.step)) return [];
  return layers.flatMap((layer) => {
    const now = comparison(newestNeighbourhoods(view, layer, 0), lastNeighbourhoods(base.view, layer));
    const pairs = now === undefined ? [] : pairsOf(runs, layer);
    if (now === undefined || pairs.length === 0) return [];
    const critical = mean(pairs.map((pair) => pair.critical));
    const { log, error } = expectedNoise(runs, pairs);
    const at = (deviations: number) => {
      const noise = Math.exp(log + deviations * error);
      return calibrated({ share: shareOf(correlationAt(noise, 1, base.width), now.chance), critical });
    };
    const [low, central, high] = [at(gaussianDecile), at(0), at(-gaussianDecile)];
    if (!(low < central && central < high)) return [];
    const before = mean(pairs.map(calibrated));
    return [
      {
        id: `${representationAgreement.id}/${layer}@${view.step}`,
        law: representationAgreement.id,
        subject: layer,
        observable: neighboursPrefix + layer,
        statistic: "value" as const,
        issuedAt: view.step,
        from,
        to: endOfRun,
        low,
        central,
        high,
        baselines: finite(
          { kind: "persistence", value: calibrated(now) },
          { kind: "as the runs before agree", value: before },
        ),
        assumptions: [
          "The runs differ in their seeds, their widths and what these ask of rates only.",
          ...unchecked(representationAgreement.regime(view)),
        ],
        statement: `At its end ${layer} agrees with that of ${base.view.runId} on ${percent(central)} of the nearest neighbours that chance does not make common; the runs before agree on ${percent(before)}.`,
      },
    ];
  });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** By the last neighbourhoods of this run and of the newest of those before. */
function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.end === undefined) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const [base] = comparedRuns(view);
  if (base === undefined) {
    return unmeasured(made, view, "unresolved", "The kept examples are no longer those of the earlier runs.");
  }
  if (!isAsLong(view.step, base.view.step)) {
    return unmeasured(
      made,
      view,
      "out of regime",
      `This run had ${view.step} steps, the earlier one ${base.view.step}: they have not come as far as each other.`,
    );
  }
  const { subject: layer } = made;
  const now = newestNeighbourhoods(view, layer, made.from);
  const found = comparison(now, lastNeighbourhoods(base.view, layer));
  if (found === undefined) {
    return unmeasured(made, view, "unresolved", `Nearest neighbours were not measured from step ${made.from} on.`);
  }
  const value = calibrated(found);
  const reason = `Of the neighbours of ${found.shared} examples ${percent(found.share)} were common, and would be ${percent(found.chance)} by chance.`;
  return verdictOn(made, view, value, reason);
}

export const representationAgreement: Law = {
  id: "representation-agreement",
  number: "L37",
  area: "universality",
  title: "Representations of other seeds",
  statement:
    "Networks that begin at other weights come to put the same examples near each other, the more so the wider they are.",
  references: [
    { citation: "Huh et al. 2024", title: "The Platonic Representation Hypothesis", arxiv: "2405.07987" },
    {
      citation: "Kornblith et al. 2019",
      title: "Similarity of Neural Network Representations Revisited",
      arxiv: "1905.00414",
    },
    {
      citation: "Gröger et al. 2026",
      title: "Revisiting the Platonic Representation Hypothesis: An Aristotelian View",
      arxiv: "2602.14486",
    },
  ],
  needs: [
    needObjective,
    needOptimizer,
    { what: "the batch's size", met: (view) => batchOf(view) !== undefined },
    { what: "nearest neighbours in hidden layers", met: (view) => hiddenLayers(view).length > 0 },
    {
      what: `2 earlier runs of the same network at this or other widths, to their end and equally long, that began at other weights and had ${leastShared} of the kept examples as well`,
      met: (view) => comparedRuns(view).length >= 2,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
