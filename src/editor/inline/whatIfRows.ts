/** What another literal would change of what is predicted and of what is marked. */
import type { InlineFinding } from "./inlineFinding.ts";

export interface WhatIfRow {
  /** As "Largest stable sharpness". */
  readonly what: string;
  /** "20 → 10"; of a mark its message. */
  readonly change: string;
  readonly kind: "prediction" | "marked" | "no longer marked";
}

/** Of the text as it is, and of the text with the other literal: what differs. Measurements of runs are of neither. */
export function whatIfRows(before: readonly InlineFinding[], after: readonly InlineFinding[]): readonly WhatIfRow[] {
  const [then, now] = [predicted(before), predicted(after)];
  const names = new Set([...then.keys(), ...now.keys()]);
  const changed = [...names].flatMap((name): WhatIfRow[] => {
    const [from, to] = [then.get(name), now.get(name)];
    if (from?.value === to?.value) return [];
    const change = `${from?.value ?? "–"} → ${to?.value ?? "–"}`;
    return [{ what: to?.what ?? from?.what ?? "", change, kind: "prediction" }];
  });
  const [marksThen, marksNow] = [marks(before), marks(after)];
  return [
    ...changed,
    ...newOnes(marksNow, marksThen).map(([what, change]): WhatIfRow => ({ what, change, kind: "marked" })),
    ...newOnes(marksThen, marksNow).map(([what, change]): WhatIfRow => ({ what, change, kind: "no longer marked" })),
  ];
}

/** By name, and of several of one name by their order. What is said in two places of one number, as of an optimizer, is told once. */
function predicted(findings: readonly InlineFinding[]): ReadonlyMap<string, { what: string; value: string }> {
  const facts = findings.filter(({ measured }) => !measured).flatMap((finding) => finding.facts);
  const told = [...Map.groupBy(facts, ({ what }) => what)].flatMap(([what, all]) =>
    [...new Set(all.map(({ value }) => value))].map((value, place) => [`${what} ${place}`, { what, value }] as const),
  );
  return new Map(told);
}

/** Law and message. */
function marks(findings: readonly InlineFinding[]): readonly (readonly [string, string])[] {
  return findings.flatMap(({ diagnostic, measured }) =>
    diagnostic === undefined || measured
      ? []
      : [[`${diagnostic.law.number} ${diagnostic.law.title}`, diagnostic.message]],
  );
}

function newOnes(
  these: readonly (readonly [string, string])[],
  those: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] {
  return these.filter(([, message]) => !those.some(([, other]) => other === message));
}
