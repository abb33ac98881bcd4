import { catalog } from "../../theory/catalog.ts";
import { stabilityThreshold } from "../../theory/empirical/stabilityThreshold.ts";
import type { PanelTheory } from "./panelFeed.ts";

/** The laws as the panel quotes them, and the threshold that it draws. */
export const panelTheory: PanelTheory = {
  laws: catalog.map(({ id, statement, references }) => ({ law: id, statement, references })),
  threshold: stabilityThreshold,
};
