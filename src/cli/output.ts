/** What the commands print. */
import type { RunReader } from "../run/runRows.ts";

export interface Output {
  readonly json: boolean;
  /** Columns to wrap sentences at. */
  readonly width: number;
  print(text: string): void;
}

export function standardOutput(json: boolean): Output {
  return {
    json,
    width: Math.min(process.stdout.isTTY ? process.stdout.columns : 100, 120),
    print: (text) => {
      process.stdout.write(`${text}\n`);
    },
  };
}

/** JSON with the numbers that it lacks as strings, as in the spool. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, each: unknown) => (typeof each === "number" && !Number.isFinite(each) ? String(each) : each),
    2,
  );
}

/** All that `--json` says of one run. */
export function runJson(reader: RunReader): string {
  return toJson({
    run: reader.overview(),
    ledger: reader.ledger(),
    laws: reader.standings(),
    events: reader.events(0, Number.MAX_SAFE_INTEGER),
  });
}
