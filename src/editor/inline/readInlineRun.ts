/** Gathers what a run says of its script's lines, in the thread that reads runs. */
import { recordSchema, type ModelRecord, type ModuleFacts, type SpoolRecord } from "../../probe/record.ts";
import type { RunManifest } from "../../run/runManifest.ts";
import type { EventRow, LedgerRow, ObservableSummary, RunReader } from "../../run/runRows.ts";
import { currentThreshold } from "../currentThreshold.ts";
import type { InlineModel, InlineModule, InlineReading, InlineRun, InlineVerdict } from "./inlineRun.ts";

/** Models and optimizers are recorded when they take their first step, so the first events hold them all. */
const eventsRead = 1000;

/** What is shown of a layer, as far as it was recorded. */
const ofLayers = ["activation/effectiveRank", "activation/deadFraction", "activation/rms", "update/relative"] as const;

/** Kinds whose first or last dimension is their outputs. */
const withUnits = /^(Dense|Linear|Conv\w*|LazyLinear|LazyConv\w*)$/;

/** SHA-256 of a file that has not changed since a time (milliseconds since the epoch); undefined where it may have. */
type TextSince = (file: string, since: number) => string | undefined;

/** Throws `RunFileError` where the run cannot be read. */
export function readInlineRun(
  reader: RunReader,
  manifest: Pick<RunManifest, "script" | "scriptHash" | "startedAt">,
  textSince: TextSince,
): InlineRun {
  const overview = reader.overview();
  const readings = new Readings(reader, overview.observables);
  const records = reader.events(-1, eventsRead).flatMap(recordOf);
  const isTorch = records.some((record) => record.t === "begin" && record.framework.name === "PyTorch");
  const ofKind = <T extends SpoolRecord["t"]>(kind: T) =>
    records.filter((record): record is Extract<SpoolRecord, { t: T }> => record.t === kind);
  const models = newest(ofKind("model")).map((record) => modelOf(record, isTorch, readings));
  const optimizers = newest(ofKind("optimizer"));
  const threshold = currentThreshold(reader);
  const sharpness = threshold?.observable ?? "sharpness/batch";
  const sites = [...models, ...models.flatMap(({ modules }) => modules), ...optimizers].flatMap(
    ({ source }) => source?.file ?? [],
  );
  return {
    directory: overview.directory,
    status: overview.status,
    error: overview.error,
    step: overview.step,
    texts: textsOf([manifest.script, ...sites], manifest, textSince),
    models,
    objective: ofKind("objective").at(-1),
    optimizers,
    data: ofKind("data").at(-1),
    threshold,
    firstSharpness: readings.first(sharpness),
    lastSharpness: readings.last(sharpness),
    noiseScale: readings.last("gradient/noiseScale"),
    firstLoss: readings.first("loss/train"),
    lastLoss: readings.last("loss/train"),
    verdicts: reader.ledger().flatMap(verdictOf),
    evaluation: ofKind("note").find(({ code }) => code === "evaluation-mode"),
  };
}

/** The run's points by name, and how those of one kind are measured, which is looked up once. */
class Readings {
  readonly #reader: RunReader;
  readonly #observables: ReadonlyMap<string, ObservableSummary>;
  readonly #kinds = new Map<string, Pick<InlineReading, "method" | "sample">>();

  constructor(reader: RunReader, observables: readonly ObservableSummary[]) {
    this.#reader = reader;
    this.#observables = new Map(observables.map((each) => [each.name, each]));
  }

  first(observable: string): InlineReading | undefined {
    const known = this.#observables.get(observable);
    return known && this.#at(observable, known.firstStep);
  }

  last(observable: string): InlineReading | undefined {
    const known = this.#observables.get(observable);
    return known && this.#at(observable, known.lastStep);
  }

  ofLayer(base: string, path: string): InlineReading | undefined {
    const observable = `${base}@${path}`;
    const known = this.#observables.get(observable);
    if (known === undefined) return undefined;
    let kind = this.#kinds.get(base);
    if (kind === undefined) {
      const { method, sample } = this.#at(observable, known.lastStep) ?? {};
      kind = { method, sample };
      this.#kinds.set(base, kind);
    }
    const nullValue = this.#observables.get(`${observable}/null`)?.lastValue;
    return { observable, step: known.lastStep, value: known.lastValue, error: NaN, nullValue, ...kind };
  }

  #at(observable: string, step: number): InlineReading | undefined {
    const reading = this.#reader.reading(observable, step);
    if (reading === undefined) return undefined;
    const { value, error, measurement } = reading;
    return { observable, step, value, error, method: measurement?.method, sample: measurement?.sample };
  }
}

function recordOf(event: EventRow): SpoolRecord[] {
  const record = event.body === "" ? undefined : recordSchema.safeParse(JSON.parse(event.body)).data;
  return record === undefined ? [] : [record];
}

/** A second record about the same thing replaces the first. */
function newest<T extends { readonly id: string }>(records: readonly T[]): T[] {
  return [...new Map(records.map((record) => [record.id, record])).values()];
}

function modelOf(record: ModelRecord, isTorch: boolean, readings: Readings): InlineModel {
  return {
    name: record.name ?? record.id,
    parameters: record.parameters,
    source: record.source,
    modules: record.modules.map((facts) => moduleOf(facts, isTorch, readings)),
  };
}

function moduleOf(facts: ModuleFacts, isTorch: boolean, readings: Readings): InlineModule {
  const { path, kind, parameters, parameterShapes, source } = facts;
  const [kernel] = parameterShapes;
  const units = withUnits.test(kind) ? (isTorch ? kernel?.at(0) : kernel?.at(-1)) : undefined;
  const found = ofLayers.flatMap((base) => {
    const reading = readings.ofLayer(base, path);
    return reading === undefined ? [] : [[base, reading] as const];
  });
  return { path, kind, parameters, units, source, readings: Object.fromEntries(found) };
}

function textsOf(
  files: readonly string[],
  { script, scriptHash, startedAt }: Pick<RunManifest, "script" | "scriptHash" | "startedAt">,
  textSince: TextSince,
): Readonly<Record<string, string>> {
  const texts = [...new Set(files)].flatMap((file) => {
    const hash = file === script ? scriptHash : textSince(file, startedAt);
    return hash === undefined || hash === "" ? [] : [[file, hash] as const];
  });
  return Object.fromEntries(texts);
}

function verdictOf({ forecast, verdict }: LedgerRow): InlineVerdict[] {
  if (verdict === undefined) return [];
  const { law, statement, low, central, high, assumptions } = forecast;
  return [{ law, statement, low, central, high, assumptions, verdict }];
}
