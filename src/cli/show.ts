import type { SaidThen } from "../recorder/forecastAt.ts";
import { backendText } from "../run/backendText.ts";
import type { EventRow, ObservableSummary, Reading, RunOverview, RunReader } from "../run/runRows.ts";
import { ledgerText } from "./ledgerText.ts";
import { formatCount, formatNumber, formatSeconds } from "./numbers.ts";
import { runJson, toJson, type Output } from "./output.ts";
import { table } from "./table.ts";

/** `orrery show`: what ran, how it ended, what was recorded, and what there is to know about it. */
export function show(reader: RunReader, output: Output): void {
  if (output.json) {
    output.print(runJson(reader));
    return;
  }
  const overview = reader.overview();
  const events = reader.events(0, Number.MAX_SAFE_INTEGER).filter(isNews);
  output.print(overviewText(overview));
  if (overview.observables.length > 0) output.print(`\n${observablesTable(overview.observables)}`);
  const measured = measurementsTable(readingsOf(reader, overview));
  if (measured !== undefined) output.print(`\n${measured}`);
  if (events.length > 0) output.print(`\n${events.map(eventLine).join("\n")}`);
  output.print(`\n${ledgerText(reader.ledger(), reader.standings(), output.width)}`);
}

/** `orrery ledger`: the forecasts alone. */
export function showLedger(reader: RunReader, output: Output): void {
  const ledger = reader.ledger();
  const laws = reader.standings();
  output.print(output.json ? toJson({ ledger, laws }) : ledgerText(ledger, laws, output.width));
}

/** `orrery forecast`: what would have been said at a step. */
export function showForecast({ step, rows, standings }: SaidThen, output: Output): void {
  if (output.json) output.print(toJson({ step, ledger: rows, laws: standings }));
  else output.print(`As of step ${formatCount(step)}\n\n${ledgerText(rows, standings, output.width)}`);
}

export function overviewText(overview: RunOverview): string {
  const facts: (readonly [string, string])[] = [
    ["run", overview.directory],
    ["script", [overview.script, ...overview.arguments].join(" ")],
    // Sweden writes local time in ISO order.
    ["started", new Date(overview.startedAt).toLocaleString("sv-SE")],
    ["status", `${overview.status}, step ${formatCount(overview.step)}, ${formatSeconds(overview.seconds)}`],
    ["backend", [backendText(overview), overview.backendReason].filter((part) => part !== "").join(". ")],
    [
      "model",
      overview.parameters === 0
        ? ""
        : `${formatCount(overview.parameters)} parameter${overview.parameters === 1 ? "" : "s"}`,
    ],
    ["optimizer", overview.optimizer],
  ];
  const lines = facts.filter(([, value]) => value !== "").map(([name, value]) => `${name.padEnd(10)} ${value}`);
  if (overview.error !== "") lines.push("", overview.error);
  return lines.join("\n");
}

/** Whether an event is worth a line: the end and its error are told by the overview already. */
export function isNews(event: EventRow): boolean {
  return event.severity !== "information" && event.kind !== "end";
}

function observablesTable(observables: readonly ObservableSummary[]): string {
  const header = ["observable", "points", "steps", "last", "minimum", "maximum", "not finite"];
  const byName = observables.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const rows = byName.map((each) => [
    each.name,
    formatCount(each.points),
    `${formatCount(each.firstStep)}–${formatCount(each.lastStep)}`,
    formatNumber(each.lastValue),
    formatNumber(each.minimum),
    formatNumber(each.maximum),
    each.notFinite === 0 ? "" : formatCount(each.notFinite),
  ]);
  return table(header, rows, header.slice(1));
}

/** The newest reading of each observable. */
function readingsOf(reader: RunReader, overview: RunOverview): ReadonlyMap<string, Reading> {
  const found = new Map<string, Reading>();
  for (const { name } of overview.observables) {
    const reading = reader.reading(name, Number.MAX_SAFE_INTEGER);
    if (reading !== undefined) found.set(name, reading);
  }
  return found;
}

/** How the newest values were measured: a row a measurement. Undefined where nothing was. */
function measurementsTable(readings: ReadonlyMap<string, Reading>): string | undefined {
  const rows = new Map<string, { readonly names: string[]; readonly cells: readonly string[] }>();
  for (const [name, { step, error, measurement }] of readings) {
    if (measurement === undefined) continue;
    const { method, sample, cost } = measurement;
    const bound = Number.isNaN(error) ? "" : formatNumber(Number(error.toPrecision(2)));
    const cells = [
      formatCount(step),
      formatNumber(cost),
      sample === undefined ? "" : formatCount(sample),
      bound,
      method,
    ];
    const key = cells.join("\n");
    const row = rows.get(key) ?? { names: [], cells };
    rows.set(key, row);
    row.names.push(name);
  }
  if (rows.size === 0) return undefined;
  const header = ["newest of", "step", "cost in s", "examples", "±", "method"];
  const shown = [...rows.values()].map(({ names, cells }) => {
    const [first = "", ...others] = names;
    return [others.length === 0 ? first : `${first} and ${formatCount(others.length)} more`, ...cells];
  });
  return table(header, shown, header.slice(1, -1));
}

function eventLine(event: EventRow): string {
  return `${event.severity} at step ${formatCount(event.step)}: ${event.text}`;
}
