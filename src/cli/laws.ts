import { ledgerEntries } from "../run/ledgerEntries.ts";
import { runsIn } from "../run/runCollection.ts";
import { catalog } from "../theory/catalog.ts";
import { lawRecord, type LawRecord } from "../theory/lawRecord.ts";
import { formatCount, formatNumber } from "./numbers.ts";
import { toJson, type Output } from "./output.ts";
import { table, wrap } from "./table.ts";

/** `orrery laws`: the catalogue, what each law needs, and how it has fared over the runs of a folder. */
export function laws(folder: string, output: Output): void {
  const { entries, unreadable } = ledgerEntries(runsIn(folder));
  const records = catalog.map((law) => ({ law, record: lawRecord(law.id, entries) }));
  if (output.json) {
    output.print(
      toJson(
        records.map(({ law: { id, number, area, title, statement, references, needs }, record }) => ({
          ...{ id, number, area, title, statement, references },
          needs: needs.map(({ what }) => what),
          record,
        })),
      ),
    );
    return;
  }
  const rows = records.map(({ law, record }) => [law.number, law.title, law.area, ...recordCells(record)]);
  const header = ["", "law", "area", "runs", "held", "broken", "out of regime", "undecided", "coverage", "skill"];
  output.print(table(header, rows, header.slice(3)));
  const needs = records.map(({ law }) => {
    const text = `${law.number} ${law.statement} Needs ${law.needs.map(({ what }) => what).join(", ")}.`;
    return wrap(text, output.width, "  ").trim();
  });
  output.print(`\n${needs.join("\n")}`);
  if (unreadable > 0) output.print(`\n${formatCount(unreadable)} of the runs cannot be read; see \`orrery list\`.`);
}

function recordCells({ runs, outcomes, coverage, skill }: LawRecord): string[] {
  if (runs === 0) return ["", "", "", "", "", "", ""];
  return [
    formatCount(runs),
    formatCount(outcomes.held),
    formatCount(outcomes.broken),
    formatCount(outcomes["out of regime"]),
    formatCount(outcomes.unresolved),
    Number.isNaN(coverage) ? "–" : `${(100 * coverage).toFixed(0)} %`,
    Number.isNaN(skill) ? "–" : formatNumber(skill),
  ];
}
