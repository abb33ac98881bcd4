import { RunFileError } from "../../run/runFileError.ts";
import { numberOf } from "./consoleLog.ts";
import type { Log, LogEntry } from "./log.ts";
import { wholeStep } from "./log.ts";
import { observableOf, roleOf } from "./logNames.ts";

/**
 * Reads the lines that a person's regular expression matches: its named groups are the step, and what is logged there. Throws
 * `RunFileError` where it is no regular expression, lacks a group, or matches no line.
 */
export function readByPattern(text: string, pattern: string, place: string): Log {
  const expression = compiled(pattern);
  const lines = text.split("\n");
  let matched = 0;
  const entries = lines.flatMap((line): readonly LogEntry[] => {
    const groups = expression.exec(line)?.groups;
    if (groups === undefined) return [];
    matched += 1;
    const entry = entryOf(groups);
    return entry === undefined ? [] : [entry];
  });
  if (matched === 0) {
    throw new RunFileError(
      `None of the ${lines.length} lines of ${place} matches the pattern ${pattern}. Its first line is: ${quoted(text)}`,
    );
  }
  if (entries.length === 0) {
    throw new RunFileError(
      `${matched} lines of ${place} match the pattern ${pattern}, but in none is the step a whole number and another group a number.`,
    );
  }
  return { format: "lines that match a pattern", entries, plannedSteps: undefined, remarks: [] };
}

/** The beginning of a log, for an error. */
export function quoted(text: string): string {
  const line = text.split("\n").find((each) => each.trim() !== "") ?? "";
  return `"${line.trim().slice(0, 120)}"`;
}

function compiled(pattern: string): RegExp {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, "i");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RunFileError(`The pattern is no regular expression: ${why}`, { cause: error });
  }
  const groups = [...pattern.matchAll(/\(\?<(\w+)>/g)].map(([, name = ""]) => name);
  if (!groups.some((name) => roleOf(name) === "step") || !groups.some(isLogged)) {
    const example = String.raw`(?<step>\d+).*loss (?<train_loss>\S+)`;
    throw new RunFileError(
      `The pattern needs a group named "step" and one for each thing that is logged, as train_loss or val_loss: for example ${example}`,
    );
  }
  return expression;
}

function isLogged(name: string): boolean {
  const role = roleOf(name);
  return role !== "step" && role !== "epoch" && role !== "time";
}

function entryOf(groups: Readonly<Record<string, string | undefined>>): LogEntry | undefined {
  let [step, time]: (number | undefined)[] = [];
  const values = new Map<string, number>();
  for (const [name, text] of Object.entries(groups)) {
    if (text === undefined) continue;
    const value = numberOf(text);
    if (roleOf(name) === "step") step ??= wholeStep(value);
    else if (roleOf(name) === "time") time = value;
    else if (isLogged(name) && isNumber(text)) values.set(observableOf(name), value);
  }
  return step === undefined || values.size === 0 ? undefined : { step, time, values };
}

function isNumber(text: string): boolean {
  return !Number.isNaN(numberOf(text)) || /^[-+]?nan$/i.test(text.trim());
}
