/** What a page may send and what it may have left in its state, checked at the border: a page's text is input. */
import * as z from "zod";
import type { FromPanel, PanelState } from "../messages.ts";

const seriesRequest = z.object({
  observable: z.string(),
  fromStep: z.number(),
  toStep: z.number(),
  buckets: z.int().positive().max(16_384),
});

const fromPanel: z.ZodType<FromPanel> = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), wanted: z.array(seriesRequest) }),
  z.object({ type: z.literal("drawn") }),
  z.object({ type: z.literal("series"), request: z.int(), wanted: z.array(seriesRequest) }),
  z.object({ type: z.literal("reading"), observable: z.string(), step: z.number() }),
  z.object({ type: z.literal("vectors"), names: z.array(z.string()), step: z.number() }),
  z.object({ type: z.literal("control"), do: z.enum(["stop", "pause", "resume", "measure"]) }),
  z.object({ type: z.literal("console") }),
  z.object({ type: z.literal("open"), file: z.string(), line: z.int().positive(), column: z.int().positive() }),
  z.object({ type: z.literal("openExternal"), url: z.url({ protocol: /^https$/, hostname: /^arxiv\.org$/ }) }),
]);

const rememberedRun = z.object({ version: z.literal(1), run: z.string().min(1) });

/** Undefined where the page sent what no page of this version sends. */
export function readRequest(message: unknown): FromPanel | undefined {
  return fromPanel.safeParse(message).data;
}

/** The run directory of a panel that outlived a reload of the window; undefined where its state is of no use. */
export function readRememberedRun(state: unknown): PanelState["run"] | undefined {
  return rememberedRun.safeParse(state).data?.run;
}
