/** What theory adds to a run's own rows, for panels. Loaded when the first panel is shown. */
import { catalog } from "../theory/catalog.ts";
import { stabilityThreshold } from "../theory/empirical/stabilityThreshold.ts";
import type { PanelTheory } from "./panel/panelFeed.ts";

export const panelTheory: PanelTheory = {
  laws: catalog.map(({ id, statement, references }) => ({ law: id, statement, references })),
  threshold: stabilityThreshold,
};
