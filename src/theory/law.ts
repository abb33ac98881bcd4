import type { RunView } from "./runView.ts";

type Area = "solvable" | "limits" | "empirical" | "hyperparameters" | "universality";

export interface Reference {
  /** As a student would cite it: "Cohen et al. 2021". */
  readonly citation: string;
  readonly title: string;
  readonly arxiv?: string;
}

/** What must have been recorded before a law can speak. */
export interface Need {
  readonly what: string;
  met(view: RunView): boolean;
}

/** One condition of a law's validity: what was asked, what was seen, and whether it holds. */
export interface RegimeCheck {
  readonly condition: string;
  readonly holds: boolean | "unknown";
  readonly saw: string;
}

/** `outside` where a check fails, `unknown` where none fails but one could not be made. */
export interface Regime {
  readonly status: "inside" | "outside" | "unknown";
  readonly checks: readonly RegimeCheck[];
}

/** `to` of a forecast that is open until the run ends. A number and not infinity, which JSON lacks. */
export const endOfRun = Number.MAX_SAFE_INTEGER;

/**
 * The number that is forecast about an observable over the steps `from`…`to`, both included. `best`: that of a setting, at which the loss at
 * the end is least among runs that differ in it alone.
 */
export type Statistic = "value" | "timeMean" | "maximum" | "crossingStep" | "minimumStep" | "best";

/** Whether what is forecast is itself a step: that of the first crossing of a level, or at which an observable is least. */
export function isStep(statistic: Statistic): boolean {
  return statistic === "crossingStep" || statistic === "minimumStep";
}

export interface Baseline {
  /** As "persistence" or "straight line". */
  readonly kind: string;
  readonly value: number;
}

export interface Forecast {
  /** Unique within a run, and the same in a rebuild: law, subject and step of issue. */
  readonly id: string;
  readonly law: string;
  /** What within the law this is about, as one pair of layers; empty where there is only one. */
  readonly subject: string;
  readonly observable: string;
  readonly statistic: Statistic;
  readonly issuedAt: number;
  readonly from: number;
  readonly to: number;
  /** 10 % and 90 % quantiles of what the law expects. */
  readonly low: number;
  readonly central: number;
  readonly high: number;
  /**
   * Whether the law tells no more than an edge, as "at most". Such a forecast holds nearly always where the law does, not four times in five;
   * the other edge is where there can be nothing, and between them is no quantile.
   */
  readonly isBound?: true;
  /** What naive forecasters say; skill is against the one that came nearest. Empty where none has a meaning. */
  readonly baselines: readonly Baseline[];
  /** One sentence each. */
  readonly assumptions: readonly string[];
  /** The forecast in one sentence, for a person. */
  readonly statement: string;
}

export type Outcome = "held" | "broken" | "out of regime" | "unresolved";

export interface Verdict {
  readonly forecast: string;
  readonly outcome: Outcome;
  readonly scoredAt: number;
  /** NaN where nothing was measured. */
  readonly measured: number;
  /** Distance from the central value in half-widths of the interval; NaN where nothing was measured, and for a bound. */
  readonly error: number;
  /** 1 − |error| / |best baseline's error|: 1 is perfect, 0 no better than it; NaN where it has no meaning, as for a bound. */
  readonly skill: number;
  readonly reason: string;
}

/** Where a law stands in a run: speaking, out of its regime, or unable to speak and why. */
export interface Standing {
  readonly law: string;
  readonly number: string;
  readonly title: string;
  readonly area: Area;
  readonly says: string;
  /** Undefined while the law's needs are not met. */
  readonly regime: Regime | undefined;
}

export interface Law {
  /** Kebab-case, as `edge-of-stability`. */
  readonly id: string;
  /** The number of `docs/laws`' tables, as `L18`. */
  readonly number: string;
  readonly area: Area;
  readonly title: string;
  /** The law in one sentence. */
  readonly statement: string;
  readonly references: readonly Reference[];
  readonly needs: readonly Need[];
  regime(view: RunView): Regime;
  /**
   * What the law says now, asked only where its needs are met and its regime is not outside. The ledger keeps the first
   * forecast of each subject for good, so a law may be asked at any record and need not remember what it said. A law that
   * wants to speak again, as a horizon shrinks, gives each time a subject of its own. `spoken` tells on which subjects it has
   * spoken: what is dear to compute, as a fit, need not be computed again.
   */
  forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[];
  /**
   * The verdict once the view reaches far enough, else undefined. Asked after every observation, and a last time at the end
   * of the run; what it leaves open then, the ledger closes as unresolved.
   */
  score(forecast: Forecast, view: RunView): Verdict | undefined;
}
