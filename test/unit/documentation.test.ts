import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { lawTable, lawTablePath } from "../../scripts/lawTable.ts";
import { recordFormat, recordFormatPath } from "../../scripts/recordFormat.ts";

const root = path.resolve(import.meta.dirname, "../..");

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
}

describe("documentation", () => {
  it("describes the record format that the code has", () => {
    expect(readFileSync(recordFormatPath, "utf8")).toBe(recordFormat());
  });

  it("describes the laws that the catalogue has", () => {
    expect(readFileSync(lawTablePath, "utf8")).toBe(lawTable());
  });

  it("names every dependency, and none that is not there", () => {
    const page = readFileSync(path.join(root, "docs", "dependencies.md"), "utf8");
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    const named = rows.flatMap((row) => {
      const names = [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
      const first = names[0] ?? "";
      return names.map((name) => (name.startsWith("-") ? first.replace(/-core$/, "") + name : name));
    });
    const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Manifest;
    const installed = Object.keys({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    });
    expect(named.toSorted()).toEqual(installed.toSorted());
  });
});
