/** `npm run docs`: writes `docs/laws.md` from the catalogue. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { catalog } from "../src/theory/catalog.ts";
import type { Law } from "../src/theory/law.ts";

export const lawTablePath = path.join(path.dirname(import.meta.dirname), "docs", "laws.md");

const areas: readonly (readonly [area: Law["area"], title: string])[] = [
  ["solvable", "Solvable settings"],
  ["limits", "Tractable limits"],
  ["empirical", "Simple empirical laws"],
  ["hyperparameters", "Hyperparameters disentangled"],
  ["universality", "Universality"],
];

export function lawTable(): string {
  const sections = areas.map(([area, title]) => {
    const rows = catalog
      .filter((law) => law.area === area)
      .toSorted((one, other) => (one.number < other.number ? -1 : 1))
      .map(row);
    return [`## ${title}`, "", "| law | says | needs | from |", "|---|---|---|---|", ...rows, ""].join("\n");
  });
  return `# Laws

Written by \`npm run docs\` from the catalogue; a test holds the two together. Each law speaks only where its assumptions hold, and
says why where it cannot. \`npm run orrery -- laws\` adds how each has fared over the runs of a folder.

${sections.join("\n")}`;
}

function row({ number, title, statement, needs, references }: Law): string {
  const from = references.map(({ citation, arxiv }) =>
    arxiv === undefined ? citation : `[${citation}](https://arxiv.org/abs/${arxiv})`,
  );
  const cells = [`${number} ${title}`, statement, needs.map(({ what }) => what).join("; "), from.join(", ")];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(lawTablePath, lawTable());
