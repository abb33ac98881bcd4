import type { Forecast, Outcome, Verdict } from "./law.ts";
import { quantile } from "./bootstrap.ts";

/** How a law has fared over forecasts of any number of runs. */
export interface LawRecord {
  readonly law: string;
  /** Runs in which it has spoken. */
  readonly runs: number;
  readonly forecasts: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Of these outcomes those of bounds, which should hold nearly always. */
  readonly bounds: Readonly<Record<"held" | "broken", number>>;
  /** Share of decided intervals that held, bounds left out; an honest one of 10 % to 90 % holds 80 % of the time. NaN where none was decided. */
  readonly coverage: number;
  /** Median of the skill against the best naive forecaster; NaN where none has one. */
  readonly skill: number;
}

/** One forecast of one run, with what became of it. */
export interface Entry {
  readonly run: string;
  readonly forecast: Pick<Forecast, "law" | "isBound">;
  readonly verdict: Pick<Verdict, "outcome" | "skill"> | undefined;
}

/** The record of a law over the entries that are its own. */
export function lawRecord(law: string, entries: readonly Entry[]): LawRecord {
  const own = entries.filter(({ forecast }) => forecast.law === law);
  const outcomes = { held: 0, broken: 0, "out of regime": 0, unresolved: 0 };
  const bounds = { held: 0, broken: 0 };
  for (const { forecast, verdict } of own) {
    if (verdict === undefined) continue;
    outcomes[verdict.outcome]++;
    if (forecast.isBound === true && isDecided(verdict.outcome)) bounds[verdict.outcome]++;
  }
  const held = outcomes.held - bounds.held;
  const decided = held + outcomes.broken - bounds.broken;
  const skills = own.map(({ verdict }) => verdict?.skill ?? NaN).filter((skill) => !Number.isNaN(skill));
  return {
    law,
    runs: new Set(own.map(({ run }) => run)).size,
    forecasts: own.length,
    outcomes,
    bounds,
    coverage: decided === 0 ? NaN : held / decided,
    skill: quantile(skills, 0.5),
  };
}

function isDecided(outcome: Outcome): outcome is "held" | "broken" {
  return outcome === "held" || outcome === "broken";
}
