import AxeBuilder from "@axe-core/playwright";
import type { Page } from "playwright-core";
import type { themes } from "./themes.ts";

/** Rules that look at what a theme decides: everything else is the same in each. */
const rulesOfColour = ["color-contrast", "link-in-text-block"];

/**
 * Accessibility violations, each rule with the elements that break it: in the dark theme by every rule, in the others by those of colour.
 *
 * @param within selectors of the parts to look at; the whole page where there are none.
 */
export async function violationsIn(
  page: Page,
  theme: keyof typeof themes,
  within: readonly string[] = [],
): Promise<(readonly [rule: string, elements: readonly string[]])[]> {
  const builder = within.reduce((all, selector) => all.include(selector), new AxeBuilder({ page }));
  const { violations } = await (theme === "dark" ? builder : builder.withRules(rulesOfColour)).analyze();
  return violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]);
}
