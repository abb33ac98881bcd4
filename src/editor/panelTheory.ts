/** What theory adds to a run's own rows, for panels. Loaded when the first panel is shown. */
import type { PanelTheory } from "./panel/panelFeed.ts";

export const panelTheory: PanelTheory = { laws: [], threshold: () => undefined };
