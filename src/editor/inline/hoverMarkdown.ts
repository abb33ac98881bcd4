/** The hover over a line: each number with its uncertainty, how it came about, and where to read on. */
import { commands } from "../../ids.ts";
import type { InlineFact, LawLink } from "./inlineFinding.ts";

/** Commands that a hover's links may call. */
export const hoverCommands: readonly string[] = [commands.openRun];

/** Markdown. Whatever came from a script or a record is put in as text. */
export function hoverMarkdown(facts: readonly InlineFact[]): string {
  return facts.map(factMarkdown).join("\n\n---\n\n");
}

function factMarkdown(fact: InlineFact): string {
  const head = `**${plain(fact.what)}** ${plain(fact.value)}`;
  const measured = [
    fact.uncertainty ?? "",
    fact.step === undefined ? "" : `step ${fact.step.toLocaleString("en-US")}`,
    fact.sample === undefined ? "" : examplesText(fact.sample),
    fact.method ?? "",
  ].filter((part) => part !== "");
  const lines = [
    head,
    measured.map(plain).join(" · "),
    fact.nullValue === undefined ? "" : `By chance: ${plain(fact.nullValue)}`,
    ...fact.assumptions.map((assumption) => `— ${plain(assumption)}`),
    links(fact),
  ];
  // Two spaces end a line within a paragraph.
  return lines.filter((line) => line !== "").join("  \n");
}

function links({ law, run }: InlineFact): string {
  const parts: string[] = [];
  if (law !== undefined) parts.push(lawMarkdown(law));
  if (run !== undefined) {
    parts.push(`[Open Run](command:${commands.openRun}?${encodeURIComponent(JSON.stringify([run]))})`);
  }
  return parts.join(" · ");
}

function lawMarkdown({ number, title, citation, address }: LawLink): string {
  const name = plain(`${number} ${title}`);
  const linked = address === undefined ? name : `[${name}](${address})`;
  return `${linked} (${plain(citation)})`;
}

function examplesText(count: number): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? "example" : "examples"}`;
}

/** Text as it is, in Markdown that knows HTML, links, icons and emphasis. */
function plain(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]()#+!|<>~$]/g, (character) => `\\${character}`)
    .replaceAll("&", "&amp;")
    .replaceAll(/\s*[\r\n]+\s*/g, " ");
}
