import type { Claims, EditorApi } from "./claims.ts";

/** How each claim went: undefined is well, else what was wrong. */
export type Report = Readonly<Record<string, string | null>>;

/** Variable that names the file which the companion writes its report to. */
export const reportVariable = "ORRERY_COMPANION_REPORT";

/** Variable that names the file which the companion writes the milliseconds of our activation to. */
export const activationVariable = "ORRERY_COMPANION_ACTIVATION";

/** Checks one claim after the other, in their order; a claim that fails stops no other. */
export async function check(claims: Claims, api: EditorApi): Promise<Report> {
  const report: Record<string, string | null> = {};
  for (const [claim, holds] of Object.entries(claims)) {
    try {
      await holds(api);
      report[claim] = null;
    } catch (error) {
      report[claim] = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
  }
  return report;
}
