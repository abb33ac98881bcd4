/**
 * `npm run almanac [law…]`: runs every law's scripts, two at a time, and writes `docs/almanac.md` with its plots, and the pages beside it. Named laws are
 * run and judged alone, and nothing is written; `npm run almanac quoted` and `npm run almanac text` write one page alone. Fails where a law
 * does not do what it should.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { catalog } from "../src/theory/catalog.ts";
import { areaCoverage } from "./almanac/areaCoverage.ts";
import { almanac, commandOf, heldPages, type Page } from "./almanac/document.ts";
import { chosenEntries, type AlmanacEntry } from "./almanac/entries.ts";
import { isHeld, scoresFromText, textPage } from "./almanac/fromText.ts";
import { objectionToHolding, objectionToSilence } from "./almanac/judge.ts";
import { plot } from "./almanac/plot.ts";
import { foundAgain, notFoundAgain, quotedPage } from "./almanac/quoted.ts";
import { runSetting } from "./almanac/runSetting.ts";
import { twoAtATime } from "./almanac/twoAtATime.ts";

const docs = path.join(path.dirname(import.meta.dirname), "docs");
const plots = path.join(docs, "almanac");
const named = process.argv.slice(2);
const [pageAlone] = ["quoted", "text"].filter((name) => named.length === 1 && named[0] === name);
const chosen = pageAlone === undefined ? chosenEntries(named) : [];

const pages: Page[] = [];
const problems: string[] = [];

async function page(entry: AlmanacEntry): Promise<void> {
  const law = catalog.find(({ id }) => id === entry.law);
  if (law === undefined) throw new Error(`The catalogue has no law ${entry.law}.`);
  const holds = typeof entry.holds === "string" ? entry.holds : await runSetting(law.id, entry.holds);
  const outside = await runSetting(law.id, entry.outside);
  const judged = [
    ...(typeof holds === "string" ? [] : [[holds.setting, objectionToHolding(holds)] as const]),
    [outside.setting, objectionToSilence(outside)] as const,
  ];
  for (const [setting, objection] of judged) {
    console.log(`${law.number} ${commandOf(setting)}: ${objection ?? "as it should be"}`);
    if (objection !== undefined) problems.push(`${law.number} ${commandOf(setting)}: ${objection}`);
  }
  pages.push({ law, holds, outside });
}

function writeQuoted(): void {
  const quoted = foundAgain();
  problems.push(...notFoundAgain(quoted));
  writeFileSync(path.join(plots, "quoted.md"), quotedPage(quoted));
}

async function writeText(): Promise<void> {
  const scores = await scoresFromText();
  for (const { script, what, prediction, measured } of scores.filter((each) => !isHeld(each))) {
    const said = `${script}: ${what} was ${measured}, and ${prediction.value} by its text`;
    if (prediction.certainty === "exact") problems.push(said);
    else console.log(said);
  }
  writeFileSync(path.join(plots, "text.md"), textPage(scores));
}

await twoAtATime(chosen, page);
pages.sort((one, other) => catalog.indexOf(one.law) - catalog.indexOf(other.law));

if (pages.length > 0) console.log(`\n${areaCoverage(heldPages(pages))}`);
if (named.length === 0) {
  rmSync(plots, { recursive: true, force: true });
  mkdirSync(plots, { recursive: true });
  for (const { law, holds } of pages) {
    if (typeof holds === "string") continue;
    const [row] = holds.ledger;
    if (row !== undefined && holds.series !== undefined)
      writeFileSync(path.join(plots, `${law.id}.svg`), plot(row, holds.series));
  }
  const machine = `${os.availableParallelism()} cores, no GPU used, Node ${process.versions.node}`;
  await writeText();
  writeQuoted();
  writeFileSync(path.join(docs, "almanac.md"), almanac(pages, problems, machine));
}
if (pageAlone === "quoted") writeQuoted();
if (pageAlone === "text") await writeText();
if (problems.length > 0) {
  console.error(`\nNot as it should be:\n${problems.join("\n")}`);
  process.exitCode = 1;
}
