import type { Log, LogEntry } from "./log.ts";
import { wholeStep } from "./log.ts";
import { namesOf } from "./logNames.ts";

/** Words before a name that make it another: `aux loss 0.1` is not the loss, `seconds per step: 3` no step. */
const otherThings: Readonly<Record<string, string>> = { step: String.raw`(?<!\bper[ _])` };
const otherwise = String.raw`(?<!\b[A-Za-z][a-z]+[ _])`;

const number = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?)`;

/** A name, its number, a unit of time and, of a step, how many there will be. */
const item = new RegExp(
  String.raw`(?<![\w/.-])(?:${Object.entries(namesOf).map(alternatives).join("|")})["']?\s*[:=]?\s*(?<value>${number})(?<unit>ms|s)?(?:\s*/\s*(?<total>\d+))?(?![\w.])`,
  "gi",
);

function alternatives([role, names]: readonly [role: string, names: readonly string[]]): string {
  const longestFirst = names.toSorted((one, other) => other.length - one.length);
  const words = longestFirst.map((name) => name.replaceAll(" ", "[ _/.-]?")).join("|");
  return String.raw`${otherThings[role] ?? otherwise}(?<${groupOf(role)}>${words})`;
}

/** Groups of a regular expression have no slashes in their names. */
function groupOf(role: string): string {
  return role.replace("/", "_");
}

/**
 * Reads lines such as `step:12/5100 train_loss:3.1`, `s:12 trl:3.1` or `iter 12: loss 3.1, time 40ms`. Lines that name no step,
 * or nothing else that is known, are passed over.
 */
export function readConsoleLog(text: string): Log {
  const entries: LogEntry[] = [];
  const totals = new Set<number>();
  let stepless = 0;
  for (const line of text.split("\n")) {
    const { step, total, time, values } = readLine(line);
    if (values.size === 0) continue;
    if (step === undefined) {
      stepless += 1;
      continue;
    }
    if (total !== undefined) totals.add(total);
    entries.push({ step, time, values });
  }
  const [planned] = totals;
  return {
    format: "a console log",
    entries,
    plannedSteps: totals.size === 1 ? planned : undefined,
    remarks: stepless === 0 ? [] : [`${stepless} lines give numbers, but no step to which they belong: left out.`],
  };
}

function readLine(line: string) {
  let [step, total, time]: (number | undefined)[] = [];
  const values = new Map<string, number>();
  for (const { groups = {} } of line.matchAll(item)) {
    const role = Object.keys(namesOf).find((each) => groups[groupOf(each)] !== undefined);
    const value = numberOf(groups["value"] ?? "");
    if (role === "step") {
      if (step !== undefined) continue;
      step = wholeStep(value);
      if (groups["total"] !== undefined) total = wholeStep(Number(groups["total"]));
    } else if (role === "time") {
      time ??= groups["unit"] === "ms" ? value / 1000 : value;
    } else if (role !== undefined && role !== "epoch" && !values.has(role)) {
      values.set(role, value);
    }
  }
  return { step, total, time, values };
}

/** A number as logs write it: `nan` and `-inf` too. NaN for what is none. */
export function numberOf(text: string): number {
  const infinity = /^([-+]?)inf(?:inity)?$/i.exec(text.trim());
  if (infinity !== null) return infinity[1] === "-" ? -Infinity : Infinity;
  return text.trim() === "" ? NaN : Number(text);
}
