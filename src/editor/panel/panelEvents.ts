import * as z from "zod";
import type { EventRow } from "../../run/runRows.ts";
import type { OptimizerFacts } from "../../theory/facts.ts";
import { recordSchema } from "../../probe/record.ts";
import type { PanelEvent } from "../messages.ts";
import type { OpenRun } from "../runAccess.ts";

const page = 500;
/** More than anybody reads; a run that says more keeps its newest. */
const kept = 1000;

const sited = z.object({
  source: z.object({ file: z.string(), line: z.int().positive(), column: z.int().positive() }),
});

/** The events of a run as the panel lists them, read on from where the last call stopped. */
export class PanelEvents {
  #last = -1;
  #events: PanelEvent[] = [];
  #optimizers: OptimizerFacts[] = [];

  /** Every `optimizer` record so far. */
  get optimizers(): readonly OptimizerFacts[] {
    return this.#optimizers;
  }

  /** The events after that sequence number, oldest first. */
  after(sequence: number): readonly PanelEvent[] {
    return this.#events.filter((event) => event.sequence > sequence);
  }

  /** Reads what is new. */
  async advance(run: OpenRun, signal: AbortSignal): Promise<void> {
    const fresh: PanelEvent[] = [];
    let rows: readonly EventRow[];
    do {
      rows = await run.events(this.#last, page, signal);
      for (const row of rows) {
        this.#last = Math.max(this.#last, row.sequence);
        const record = parsed(row.body);
        const optimizer = row.kind === "optimizer" ? recordSchema.safeParse(record).data : undefined;
        if (optimizer?.t === "optimizer") this.#optimizers.push(optimizer);
        const { sequence, kind, step, time, severity, text } = row;
        fresh.push({ sequence, kind, step, time, severity, text, source: sited.safeParse(record).data?.source });
      }
    } while (rows.length === page);
    this.#events = [...this.#events, ...fresh].slice(-kept);
  }
}

/** The record of an event, undefined for events that have none. */
function parsed(body: string): unknown {
  if (body === "") return undefined;
  try {
    return JSON.parse(body);
  } catch (error) {
    // A body that is no JSON is a fault of the spool, which the event's own text tells of.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
