/** Everything that the panel and the extension host say to each other. Series travel as Float64Array: JSON has no NaN. */
import type { EventRow, LawStanding, LedgerRow, RunOverview, SeriesRequest, SeriesSlice } from "../run/runRows.ts";

export type { EventRow, LawStanding, LedgerRow, RunOverview, SeriesRequest, SeriesSlice };

/** What the panel remembers over a reload of the window, by `setState` and the panel serializer. */
export interface PanelState {
  readonly version: 1;
  /** The run's directory, which identifies it to the extension host. */
  readonly run: string;
  readonly view: {
    readonly zoom?: { readonly from: number; readonly to: number };
    readonly scale: "linear" | "logarithmic";
    readonly stepScale: "linear" | "logarithmic";
    /** Span of the exponential smoothing, in points; 0 is off. */
    readonly smoothing: number;
    readonly shown: readonly string[];
    readonly table: boolean;
  };
}

export interface Snapshot {
  readonly overview: RunOverview;
  readonly series: readonly SeriesSlice[];
  readonly ledger: readonly LedgerRow[];
  readonly standings: readonly LawStanding[];
  readonly events: readonly EventRow[];
  /** False in Restricted Mode and for runs that have ended: nothing can be asked of the training process. */
  readonly controllable: boolean;
}

export type ToPanel =
  /** Everything there is to draw, sent when a panel is shown. */
  | { readonly type: "snapshot"; readonly snapshot: Snapshot }
  /** What changed since; only to visible panels, at most ten a second. */
  | { readonly type: "delta"; readonly delta: Partial<Snapshot> & { readonly overview: RunOverview } }
  /** The answer to `series`. */
  | { readonly type: "series"; readonly request: number; readonly series: readonly SeriesSlice[] }
  | { readonly type: "failure"; readonly text: string; readonly request?: number };

export type FromPanel =
  /** The page has loaded and wants a snapshot. */
  | { readonly type: "ready"; readonly observables: readonly string[]; readonly buckets: number }
  /** What to keep sending from now on, after a zoom, a resize or another choice of observables. */
  | { readonly type: "series"; readonly request: number; readonly wanted: readonly SeriesRequest[] }
  | { readonly type: "control"; readonly do: "stop" | "pause" | "resume" | "measure" }
  | { readonly type: "open"; readonly file: string; readonly line: number; readonly column: number }
  | { readonly type: "openExternal"; readonly url: string };
