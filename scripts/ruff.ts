/** Formats and lints the project's Python with ruff: `node scripts/ruff.ts` says what is amiss, `--write` brings the format. */
import { PositionEncoding, Workspace, type Diagnostic } from "@astral-sh/ruff-wasm-nodejs";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.dirname(import.meta.dirname);

/** Modules that lie beside a script, and the probe's own. */
const ownModules = ["orrery_probe", "states", "numbers_of_pairs"];

function ruff(rules: readonly string[]): Workspace {
  const options = {
    "line-length": 120,
    "target-version": "py39",
    lint: {
      select: rules,
      // Formulas are written with the signs of mathematics.
      ignore: ["RUF001", "RUF002", "RUF003"],
      isort: { "known-first-party": ownModules },
    },
  };
  return new Workspace(options, PositionEncoding.Utf32);
}

const rules = ["B", "C4", "E", "ERA", "F", "FURB", "I", "PERF", "PIE", "RET", "RUF", "SIM", "UP", "W"];
/** Fixtures are written as people write scripts; those of `test/fixtures/source`, which are read and not run, also as they format them. */
const fixtureRules = ["E4", "E7", "E9", "F", "I", "W"];

const areas = [
  { folders: ["src/probe/torch", "scripts", "test/oracle", "examples", "bench"], workspace: ruff(rules) },
  { folders: ["test/fixtures/scripts"], workspace: ruff(fixtureRules) },
];

const shouldWrite = process.argv.includes("--write");
const complaints = areas.flatMap(({ folders, workspace }) =>
  folders.flatMap(pythonFiles).flatMap((file) => {
    const text = readFileSync(path.join(root, file), "utf8");
    const formatted = workspace.format(text);
    if (shouldWrite && formatted !== text) writeFileSync(path.join(root, file), formatted);
    const unformatted = formatted === text || shouldWrite ? [] : [`${file}: not as ruff formats it`];
    // The package's types leave it open what `check` gives.
    const found = workspace.check(shouldWrite ? formatted : text) as readonly Diagnostic[];
    return [
      ...unformatted,
      ...found.map(
        ({ code, message, start_location: at }) => `${file}:${at.row}:${at.column} ${code ?? ""} ${message}`,
      ),
    ];
  }),
);
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) {
  console.error("`node scripts/ruff.ts --write` brings Python files into their format.");
  process.exitCode = 1;
}

function pythonFiles(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".py"))
    .map((name) => path.join(folder, name))
    .sort();
}
