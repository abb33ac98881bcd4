/** Everything that the panel and the extension host say to each other. */
import type {
  LawStanding,
  LedgerRow,
  ObservableSummary,
  Reading,
  RunOverview,
  SeriesRequest,
  SeriesSlice,
  VectorRow,
} from "../run/runRows.ts";
import { backendText } from "../run/backendText.ts";
import { endOfRun, type Reference } from "../theory/law.ts";

export { backendText, endOfRun };
export type {
  LawStanding,
  LedgerRow,
  ObservableSummary,
  Reading,
  Reference,
  RunOverview,
  SeriesRequest,
  SeriesSlice,
  VectorRow,
};

export type AxisScale = "linear" | "logarithmic";

export interface AxisRange {
  readonly from: number;
  readonly to: number;
}

/** How a person has chosen to look at a run. */
export interface PanelView {
  /** Of the step axis, which all charts share; absent is the whole run. */
  readonly zoom?: AxisRange | undefined;
  /** Of the value axes, by the chart's first observable. */
  readonly valueZoom: Readonly<Record<string, AxisRange>>;
  readonly scale: AxisScale;
  readonly stepScale: AxisScale;
  /** Span of the exponential smoothing, in drawn points; 0 is off. */
  readonly smoothing: number;
  /** Base names, as `weight/norm`, each of which stands for all its layers. */
  readonly shown: readonly string[];
  readonly table: boolean;
}

/** What the panel remembers over a reload of the window, by `setState` and the panel serializer. */
export interface PanelState {
  readonly version: 1;
  /** The run's directory, which identifies it to the extension host. */
  readonly run: string;
  readonly view: PanelView;
}

/** The stability threshold of an observable, as a series because a schedule moves it. */
export interface ThresholdLine {
  readonly observable: string;
  /** As a person writes it: "2/η". */
  readonly formula: string;
  readonly line: SeriesSlice;
}

/** What a law says in general; where it stands in this run is its `LawStanding`. */
export interface LawText {
  readonly law: string;
  readonly statement: string;
  readonly references: readonly Reference[];
}

/** An event of the run, without the record that it came from. */
export interface PanelEvent {
  readonly sequence: number;
  readonly kind: string;
  readonly step: number;
  readonly time: number;
  readonly severity: "information" | "warning" | "error";
  readonly text: string;
  /** Where in the user's source; counted from 1. */
  readonly source?: { readonly file: string; readonly line: number; readonly column: number } | undefined;
}

export interface Snapshot {
  readonly overview: RunOverview;
  /** Their `level` may be fractional: buckets are of 16^level steps all the same. */
  readonly series: readonly SeriesSlice[];
  readonly thresholds: readonly ThresholdLine[];
  readonly ledger: readonly LedgerRow[];
  readonly standings: readonly LawStanding[];
  readonly laws: readonly LawText[];
  /** The newest events, oldest first. */
  readonly events: readonly PanelEvent[];
  /** False in Restricted Mode and for runs that have ended: nothing can be asked of the training process. */
  readonly controllable: boolean;
}

/** What changed since the last message; what is absent did not. */
export interface Delta {
  readonly overview?: RunOverview;
  /** Replace what is held of the same observable. */
  readonly series?: readonly SeriesSlice[];
  /** Replace what is held of the same observable from the first step here on. */
  readonly tails?: readonly SeriesSlice[];
  readonly thresholds?: readonly ThresholdLine[];
  readonly ledger?: readonly LedgerRow[];
  readonly standings?: readonly LawStanding[];
  /** To be appended. */
  readonly events?: readonly PanelEvent[];
  readonly controllable?: boolean;
}

export type ToPanel =
  /** Everything there is to draw, sent when a panel has loaded. */
  | { readonly type: "snapshot"; readonly snapshot: Snapshot }
  /** Only to visible panels that have drawn the last one. */
  | { readonly type: "delta"; readonly delta: Delta }
  /** The answer to `series`. */
  | {
      readonly type: "series";
      readonly request: number;
      readonly series: readonly SeriesSlice[];
      readonly thresholds: readonly ThresholdLine[];
    }
  /** The answer to `reading`. */
  | { readonly type: "reading"; readonly observable: string; readonly reading: Reading }
  /** The answer to `vectors`: those that there are. */
  | { readonly type: "vectors"; readonly vectors: readonly VectorRow[] }
  | { readonly type: "failure"; readonly text: string };

export type PanelControl = "stop" | "pause" | "resume" | "measure";

export type FromPanel =
  /** The page has loaded and wants a snapshot with these series. */
  | { readonly type: "ready"; readonly wanted: readonly SeriesRequest[] }
  /** The last snapshot or delta has been drawn: until then there is no other delta. */
  | { readonly type: "drawn" }
  /**
   * What to keep sending from now on, after a zoom, a resize or another choice of observables. Up to the end of the run,
   * however far it gets, is `toStep: endOfRun`.
   */
  | { readonly type: "series"; readonly request: number; readonly wanted: readonly SeriesRequest[] }
  /** How the newest point of an observable at or before a step was measured. */
  | { readonly type: "reading"; readonly observable: string; readonly step: number }
  /** The newest lists of these names at or before a step; of a series its newest value, as a list of one. */
  | { readonly type: "vectors"; readonly names: readonly string[]; readonly step: number }
  | { readonly type: "control"; readonly do: PanelControl }
  | { readonly type: "console" }
  | { readonly type: "open"; readonly file: string; readonly line: number; readonly column: number }
  | { readonly type: "openExternal"; readonly url: string };

/** Stands for a number that JSON lacks. */
interface NotFinite {
  readonly notFinite: string;
}

/**
 * Readies a message for the way between host and page, which is JSON but for typed arrays: NaN and the infinities are
 * wrapped, and each array is copied, because a subarray drags its whole backing buffer along.
 */
export function pack(value: unknown): unknown {
  if (typeof value === "number")
    return Number.isFinite(value) ? value : ({ notFinite: String(value) } satisfies NotFinite);
  if (value instanceof Float64Array) return value.slice();
  if (Array.isArray(value)) return value.map(pack);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, pack(each)]));
}

/** Undoes `pack`. The two sides come from one build, so the shape is taken on trust. */
export function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === "notFinite" && typeof first[1] === "string") return Number(first[1]);
  return Object.fromEntries(entries.map(([key, each]) => [key, unpack(each)]));
}
