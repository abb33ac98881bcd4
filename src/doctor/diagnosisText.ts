import { oldestNode } from "../recorder/runtime.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Gpus } from "./gpus.ts";

const nameWidth = 10;

/** A diagnosis for people, in plain text. */
export function diagnosisText(diagnosis: Diagnosis): string {
  const { folder, script, node, gpus, backends, chosen, advice, problem } = diagnosis;
  const facts: (readonly [string, string])[] = [
    ["folder", folder],
    ["script", script ?? "any of this folder"],
    ["node", `${node.version}, new enough (${oldestNode} is the oldest that will do), at ${node.executable}`],
    ["GPU", gpuText(gpus)],
    ["backend", chosenText(diagnosis)],
  ];
  const width = Math.max(...backends.map(({ title }) => title.length));
  const lines = backends.map(({ title, available, why }) => {
    const state = title === chosen?.title ? "chosen" : "there";
    return `  ${available ? "✓" : "✗"} ${title.padEnd(width)}  ${available ? `${state}: ${why}` : why}`;
  });
  return [
    ...factLines(facts),
    "",
    ...(problem === undefined ? [] : [problem, ""]),
    ...(lines.length === 0 ? [] : [backendHeading(diagnosis), ...lines, ""]),
    `${"to do".padEnd(nameWidth)} ${advice.command === undefined ? "" : `${advice.command}\n${" ".repeat(nameWidth + 1)}`}${advice.text}`,
  ].join("\n");
}

/** A line each, the values below one another. */
export function factLines(facts: readonly (readonly [name: string, value: string])[]): string[] {
  return facts.map(([name, value]) => `${name.padEnd(nameWidth)} ${value}`);
}

/** As "WebAssembly", or why there is none. */
export function chosenText({ chosen, left, problem }: Diagnosis): string {
  if (chosen !== undefined) return chosen.title;
  if (left !== undefined) return `left to the script: ${left}`;
  return problem === undefined ? "none: no backend starts" : "none: trying them failed";
}

/** As "NVIDIA H100, Intel GPU". */
export function gpuText({ known, seen, how }: Gpus): string {
  if (seen.length > 0)
    return seen.map(({ name, driver }) => (driver === false ? `${name} without a driver` : name)).join(", ");
  return known ? `none is seen, ${how}` : `unknown: ${how}`;
}

/** Whether the chosen backend computes on a GPU that is one. */
export function usesGpu({ chosen, backends }: Diagnosis): boolean {
  const why = backends.find(({ title }) => title === chosen?.title)?.why ?? "";
  return chosen?.title === "WebGPU" ? !why.includes("software") : why.includes("on a CUDA GPU");
}

function backendHeading({ choice, left }: Diagnosis): string {
  return choice === "auto" || left !== undefined
    ? "Backends, best first"
    : `Backends, ${choice} first because it is asked for`;
}
