import { recordSchema, type SpoolRecord } from "../probe/record.ts";

/** What a line of a spool turned out to be. */
export type ParsedLine =
  | { readonly is: "record"; readonly record: SpoolRecord }
  /** A kind of record that this version does not know: written by a newer probe, and none of our business. */
  | { readonly is: "unknown" }
  | { readonly is: "fault"; readonly why: string };

/** The step that a record belongs to; undefined for those that belong to none. */
export function stepOf(record: SpoolRecord): number | undefined {
  return "step" in record ? record.step : undefined;
}

const knownKinds = new Set<string>(recordSchema.options.map((option) => option.shape.t.value));

/** Reads one line; never throws. */
export function parseLine(text: string | undefined): ParsedLine {
  if (text === undefined) return { is: "fault", why: "it is longer than 1 MiB" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { is: "fault", why: "it is not JSON" };
  }
  if (typeof value !== "object" || value === null || !("t" in value) || typeof value.t !== "string") {
    return { is: "fault", why: "it does not say what kind of record it is" };
  }
  if (!knownKinds.has(value.t)) return { is: "unknown" };
  const checked = recordSchema.safeParse(value);
  if (checked.success) return { is: "record", record: checked.data };
  const [issue] = checked.error.issues;
  return { is: "fault", why: `its "${issue?.path.join(".") ?? ""}" is wrong (${issue?.message ?? "unknown"})` };
}
