import path from "node:path";
import { isFollowed } from "../recorder/recorderLock.ts";
import { runsIn } from "../run/runCollection.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { RunFileError } from "../run/runFileError.ts";
import { RunFileReader } from "../run/runFileReader.ts";
import type { Outcome } from "../theory/law.ts";
import { formatCount, formatNumber } from "./numbers.ts";
import { toJson, type Output } from "./output.ts";
import { table } from "./table.ts";

interface Listed {
  readonly id: string;
  readonly script: string;
  readonly status: string;
  readonly step: number;
  readonly loss: number | undefined;
  readonly verdicts: Partial<Record<Outcome, number>>;
}

/** `orrery list`: every run of a folder in one row; a run that cannot be read has a row that says so. */
export function list(folder: string, output: Output): void {
  const runs = runsIn(folder).map(listed);
  if (output.json) {
    output.print(toJson(runs));
    return;
  }
  if (runs.length === 0) {
    output.print(`There are no runs in ${folder}.`);
    return;
  }
  const rows = runs.map((run) => [
    run.id,
    run.script,
    run.status,
    formatCount(run.step),
    run.loss === undefined ? "" : formatNumber(run.loss),
    Object.entries(run.verdicts)
      .map(([outcome, count]) => `${count} ${outcome}`)
      .join(", "),
  ]);
  output.print(table(["id", "script", "status", "step", "loss", "verdicts"], rows, ["step", "loss"]));
}

function listed(directory: RunDirectory): Listed {
  const id = path.basename(directory.path);
  try {
    using reader = new RunFileReader(directory);
    const { script, status, step, observables } = reader.overview();
    const isOver = !["starting", "running", "paused"].includes(status);
    const verdicts: Partial<Record<Outcome, number>> = {};
    for (const { verdict } of reader.ledger()) {
      if (verdict !== undefined) verdicts[verdict.outcome] = (verdicts[verdict.outcome] ?? 0) + 1;
    }
    return {
      id,
      script: path.basename(script),
      status: isOver || isFollowed(directory) ? status : `${status}, not recorded now`,
      step,
      loss: observables.find((each) => each.name === "loss/train")?.lastValue,
      verdicts,
    };
  } catch (error) {
    if (!(error instanceof RunFileError)) throw error;
    return { id, script: "", status: "cannot be read", step: Number.NaN, loss: undefined, verdicts: {} };
  }
}
