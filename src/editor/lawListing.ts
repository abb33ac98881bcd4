/** One line of the laws view, and the words for it. Knows nothing of the editor. */
import { catalog } from "../theory/catalog.ts";
import type { Law } from "../theory/law.ts";
import { lawRecord, type Entry, type LawRecord } from "../theory/lawRecord.ts";

export interface LawListing extends Pick<Law, "id" | "number" | "area" | "title" | "statement" | "references"> {
  /** What must have been recorded before it can speak. */
  readonly needs: readonly string[];
  /** Over the runs of the workspace. */
  readonly record: LawRecord;
}

export function lawListings(entries: readonly Entry[]): readonly LawListing[] {
  return catalog.map(({ id, number, area, title, statement, references, needs }) => ({
    ...{ id, number, area, title, statement, references },
    needs: needs.map(({ what }) => what),
    record: lawRecord(id, entries),
  }));
}

/** As "held 11 of 12, skill 0.8"; empty where it has not spoken in any run. */
export function recordText({ runs, forecasts, outcomes, skill }: LawRecord): string {
  if (runs === 0) return "";
  const decided = outcomes.held + outcomes.broken;
  if (decided === 0) {
    const open = forecasts - outcomes["out of regime"] - outcomes.unresolved;
    return open > 0 ? `${open} pending` : outcomes["out of regime"] > 0 ? "out of regime" : "unresolved";
  }
  const held = `held ${outcomes.held} of ${decided}`;
  return Number.isNaN(skill) ? held : `${held}, skill ${skill.toFixed(2)}`;
}

/** Plain text of all that there is to know, a thing a line. */
export function lawTooltip({ number, title, statement, references, needs, record }: LawListing): string {
  const { runs, outcomes, coverage } = record;
  const fared =
    runs === 0
      ? "It has not spoken in any run here yet."
      : [
          `In ${runs === 1 ? "1 run" : `${runs} runs`}: ${outcomes.held} held`,
          `${outcomes.broken} broken`,
          `${outcomes["out of regime"]} out of regime`,
          `${outcomes.unresolved} unresolved`,
        ].join(", ") +
        (Number.isNaN(coverage)
          ? ""
          : `. Of its intervals ${(100 * coverage).toFixed(0)} % held; of honest ones 80 % do in the long run`);
  return [
    `${number} ${title}`,
    statement,
    `Needs ${needs.join(", ")}.`,
    fared,
    ...references.map(({ citation, title: work, arxiv }) =>
      arxiv === undefined ? `${citation}. ${work}.` : `${citation}. ${work}. arXiv:${arxiv}`,
    ),
  ].join("\n");
}
