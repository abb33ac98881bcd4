import { parseArgs } from "node:util";
import { backendChoices, type BackendChoice } from "../run/runManifest.ts";
import { UsageError } from "./usageError.ts";

const options = {
  backend: { type: "string" },
  budget: { type: "string" },
  "probe-batches": { type: "string" },
  "probe-memory": { type: "string" },
  node: { type: "string" },
  python: { type: "string" },
  out: { type: "string" },
  at: { type: "string" },
  pattern: { type: "string" },
  steps: { type: "string" },
  detach: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

export interface CommandLine {
  readonly command: string | undefined;
  /** What the command is about: a script, a run or a log. */
  readonly subject: string | undefined;
  /** Everything after the script, untouched. */
  readonly rest: readonly string[];
  readonly backend: BackendChoice;
  /** Fraction of wall time. */
  readonly budget: number;
  readonly probeSet: { readonly batches: number; readonly megabytes: number };
  readonly node: string | undefined;
  readonly python: string | undefined;
  readonly out: string | undefined;
  /** The step as of which laws are asked. */
  readonly at: number | undefined;
  /** The regular expression that reads a log. */
  readonly pattern: string | undefined;
  /** Steps that an imported log's run was planned for. */
  readonly steps: number | undefined;
  readonly detach: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/** Reads a command line. Throws `UsageError`. What follows the script of `inspect` is the script's own. */
export function readCommandLine(words: readonly string[]): CommandLine {
  const loose = parseArgs({ args: [...words], options, allowPositionals: true, strict: false, tokens: true });
  const positions = loose.tokens.filter((token) => token.kind === "positional").map((token) => token.index);
  const [commandAt, subjectAt] = positions;
  const command = commandAt === undefined ? undefined : words[commandAt];
  const ours = command === "inspect" && subjectAt !== undefined ? subjectAt + 1 : words.length;
  const { values, positionals } = parseStrictly(words.slice(0, ours));
  if (positionals.length > 2) throw new UsageError(`Too much: ${positionals.slice(2).join(" ")}`);
  return {
    command,
    subject: positionals[1],
    rest: words.slice(ours),
    backend: backendOf(values.backend ?? "auto"),
    budget: budgetOf(values.budget ?? "5%"),
    probeSet: {
      batches: countOf("--probe-batches", values["probe-batches"] ?? "4"),
      megabytes: countOf("--probe-memory", values["probe-memory"] ?? "256"),
    },
    node: values.node,
    python: values.python,
    out: values.out,
    at: values.at === undefined ? undefined : countOf("--at", values.at),
    pattern: values.pattern,
    steps: values.steps === undefined ? undefined : countOf("--steps", values.steps),
    detach: values.detach ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

function countOf(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${option} takes a whole number, and not "${text}".`);
  return Number(text);
}

function parseStrictly(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function backendOf(name: string): BackendChoice {
  const found = backendChoices.find((choice) => choice === name);
  if (found === undefined) throw new UsageError(`There is no backend "${name}": choose ${backendChoices.join(", ")}.`);
  return found;
}

function budgetOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(\s*%)?$/.exec(text);
  const budget = match === null ? Number.NaN : Number(match[1]) / (match[2] === undefined ? 1 : 100);
  if (!(budget <= 1)) throw new UsageError(`"${text}" is no share of the time: give 5% or 0.05, at most 100%.`);
  return budget;
}
