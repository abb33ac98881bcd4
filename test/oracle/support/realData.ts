import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../../../shared/data");

/** Whether the real measurements by others lie beside the repository; tests on them are skipped where they do not. */
export const haveRealData = existsSync(folder);

/** What the name of a suite says where it is skipped. */
export const whereAbsent = haveRealData ? "" : " (skipped: ../shared/data is absent)";

/** A table of numbers with a header, as rows of name → number; what is no number is NaN. */
export function realTable(path: string): readonly Readonly<Record<string, number>>[] {
  const [header = "", ...lines] = readFileSync(join(folder, path), "utf8").trim().split(/\r?\n/);
  const names = header.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    return Object.fromEntries(names.map((name, index) => [name, Number(cells[index])]));
  });
}
