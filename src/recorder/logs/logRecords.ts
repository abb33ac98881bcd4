import { protocolVersion, type SpoolRecord } from "../../probe/record.ts";
import { RunFileError } from "../../run/runFileError.ts";
import type { Log, LogEntry } from "./log.ts";
import { logHistory } from "./logHistory.ts";

export interface LogSource {
  /** Absolute path. */
  readonly file: string;
  /** What tells this file from any other, in a few words. */
  readonly mark: string;
  /** Steps that the run was planned for, where a person says so. */
  readonly plannedSteps: number | undefined;
}

/** What a training step has; everything else was measured beside it. */
const ofSteps = new Set(["loss/train", "optimizer/learningRate", "gradient/norm", "batch/size"]);

/**
 * The records of the run that a log tells of. Records count the steps that were completed before a value was taken: training
 * losses that a log numbers from 1 are moved by one. Throws `RunFileError` where the log does not tell of one run, has no loss, or goes
 * on beyond the steps that it was planned for.
 */
export function logRecords(log: Log, { file, mark, plannedSteps }: LogSource): readonly SpoolRecord[] {
  const { entries, resumed } = logHistory(log.entries, file);
  const [moments, counts] = momentsOf(entries);
  if (!counts.has("loss/train") && !counts.has("loss/validation")) {
    throw new RunFileError(
      `${file} gives no loss that is called one, as train_loss or val_loss; it gives ${[...counts.keys()].join(", ")}.`,
    );
  }
  const last = entries.reduce((most, { step }) => Math.max(most, step), 0);
  if (plannedSteps !== undefined && plannedSteps < last) {
    throw new RunFileError(`${file} goes on to step ${last}, which is beyond the ${plannedSteps} steps planned.`);
  }
  const told = (log.plannedSteps ?? 0) >= last ? log.plannedSteps : undefined;
  const planned = plannedSteps ?? told;
  const remarks = [
    `Read from ${log.format}: ${[...counts].map(([observable, count]) => `${observable} at ${count} steps`).join(", ")}.`,
    ...log.remarks,
    ...(resumed === 0
      ? []
      : [`The log goes back ${resumed} times, as where a run was resumed: only what came later counts.`]),
    ...(isFromOne(entries)
      ? ["Its training losses are numbered from 1: each is taken as the loss before that step."]
      : []),
    ...(planned === undefined
      ? ["How many steps were planned is not said: the run is taken to have ended with its log."]
      : []),
  ];
  return [
    {
      t: "begin",
      time: 0,
      protocol: protocolVersion,
      probe: "log",
      framework: { name: "imported log", version: "" },
      runtime: "",
      device: "",
      backend: "",
      backendReason: `Imported from ${file}, ${log.format} (${mark}).`,
      script: file,
    },
    ...remarks.map((text) => ({ t: "note", time: 0, severity: "information", code: "log", text }) as const),
    ...(planned === undefined
      ? []
      : [{ t: "data", time: 0, step: 0, steps: planned, how: howPlanned(plannedSteps) } as const]),
    ...moments.flatMap(recordsOf),
    endOf(moments, planned),
  ];
}

function howPlanned(given: number | undefined): string {
  return given === undefined ? "the log says how many steps were planned" : "told when the log was imported";
}

/** All that is known of one step. */
interface Moment {
  readonly step: number;
  time: number;
  readonly ofStep: Map<string, number>;
  readonly measured: Map<string, number>;
}

function isFromOne(entries: readonly LogEntry[]): boolean {
  return entries.find(({ values }) => values.has("loss/train"))?.step === 1;
}

/** By step, with how many steps have each observable. */
function momentsOf(entries: readonly LogEntry[]): readonly [readonly Moment[], ReadonlyMap<string, number>] {
  const found = new Map<number, Moment>();
  const counts = new Map<string, number>();
  const begun = entries.find(({ time }) => time !== undefined && Number.isFinite(time))?.time ?? 0;
  const moved = isFromOne(entries);
  for (const { step, time, values } of entries) {
    const before = moved && values.has("loss/train") ? Math.max(0, step - 1) : step;
    for (const [observable, value] of values) {
      const at = ofSteps.has(observable) ? before : step;
      const moment = found.get(at) ?? { step: at, time: 0, ofStep: new Map(), measured: new Map() };
      found.set(at, moment);
      const place = ofSteps.has(observable) ? moment.ofStep : moment.measured;
      if (!place.has(observable)) counts.set(observable, (counts.get(observable) ?? 0) + 1);
      place.set(observable, value);
      const seconds = (time ?? NaN) - begun;
      if (seconds > moment.time && seconds < Infinity) moment.time = seconds;
    }
  }
  const moments = [...found.values()].sort((one, other) => one.step - other.step);
  let latest = 0;
  for (const moment of moments) moment.time = latest = Math.max(latest, moment.time);
  return [moments, counts];
}

function recordsOf({ step, time, ofStep, measured }: Moment): readonly SpoolRecord[] {
  const values = (of: ReadonlyMap<string, number>) => Object.fromEntries(of);
  return [
    ...(ofStep.size === 0 ? [] : [{ t: "step", step, time, values: values(ofStep) } as const]),
    ...(measured.size === 0
      ? []
      : [{ t: "measure", step, time, values: values(measured), cost: 0, method: "as the log gives it" } as const]),
  ];
}

/** A log says how its run ended only by where it ends: short of the plan by more than it goes from one entry to the next, or at a loss that is no number. */
function endOf(moments: readonly Moment[], planned: number | undefined): SpoolRecord {
  const [before, last] = [moments.at(-2), moments.at(-1)];
  const steps = (last?.step ?? 0) + (last !== undefined && last.ofStep.size > 0 ? 1 : 0);
  const stride = (last?.step ?? 0) - (before?.step ?? 0);
  const losses = moments.flatMap(({ ofStep }) => ofStep.get("loss/train") ?? []);
  const diverged = !Number.isFinite(losses.at(-1) ?? 0);
  const short = planned !== undefined && steps + Math.max(1, stride) < planned;
  return { t: "end", time: last?.time ?? 0, step: steps, how: diverged ? "diverged" : short ? "stopped" : "finished" };
}
