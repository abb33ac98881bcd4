/**
 * `npm run intervals [law…]`: how often the laws' intervals hold on the almanac's scripts under other random numbers than their own, and writes
 * `docs/intervals.md`. Named laws are run alone, and the rows of the others stay as they are.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { catalog } from "../src/theory/catalog.ts";
import { chosenEntries } from "./almanac/entries.ts";
import { intervalRow, intervalRows, intervalTables, type Calibrated } from "./almanac/intervalTables.ts";
import { runSetting } from "./almanac/runSetting.ts";
import { twoAtATime } from "./almanac/twoAtATime.ts";

/** Draws of each law's script, as long as they begin within so many seconds. */
const [mostDraws, mostSeconds] = [8, 60];

const named = process.argv.slice(2);
const chosen = chosenEntries(named).flatMap(({ law, holds }) =>
  typeof holds !== "string" && holds.script.endsWith(".mjs") ? [{ law, holds }] : [],
);
const found: ReturnType<typeof intervalRow>[] = [];

async function calibrate({ law: id, holds }: (typeof chosen)[number]): Promise<void> {
  const law = catalog.find((each) => each.id === id);
  if (law === undefined) throw new Error(`The catalogue has no law ${id}.`);
  const ledger: Calibrated["ledger"][number][] = [];
  let [draws, seconds] = [0, 0];
  while (draws < mostDraws && seconds < mostSeconds) {
    const outcome = await runSetting(id, holds, ++draws);
    seconds += outcome.seconds;
    ledger.push(...outcome.ledger);
  }
  console.log(`${law.number} ${draws} draws, ${seconds.toFixed(0)} s`);
  found.push(intervalRow({ law, draws, ledger }));
}

await twoAtATime(chosen, calibrate);

const document = path.join(path.dirname(import.meta.dirname), "docs", "intervals.md");
const before = named.length > 0 && existsSync(document) ? intervalRows(readFileSync(document, "utf8")) : [];
const kept = before.filter(([name]) => !found.some(([anew]) => anew === name));
console.log(intervalTables(found));
const machine = `${os.availableParallelism()} cores, no GPU used, Node ${process.versions.node}`;
const text = `# Intervals

Written by \`npm run intervals\` on ${machine}. The scripts of the [almanac](almanac.md) on which laws should hold, with other random weights, data and noise than their own. An honest interval of 10 % to 90 % holds 80 % of the time; bounds, as "at most", should hold nearly always. In an area each law counts alike. Where a law compares two runs, both have the same draw, so that they differ by less than those of other seeds.

${intervalTables([...kept, ...found])}
`;
writeFileSync(document, text);
