/** What an extension beside ours sees through the editor's own API, in a trusted workspace and in Restricted Mode. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { packCompanion } from "./companion/build.ts";
import { restrictedClaims, trustedClaims } from "./companion/claims.ts";
import { reportVariable } from "./companion/report.ts";
import { EditorWindow } from "./editorWindow.ts";
import { storeRun, WorkspaceCopy } from "./workspaceCopy.ts";

const reportSchema = z.record(z.string(), z.string().nullable());

describe.each([
  ["in a trusted workspace", true, trustedClaims],
  ["in Restricted Mode", false, restrictedClaims],
])("%s", (_where, trusted, claims) => {
  const workspace = new WorkspaceCopy();
  let report: z.infer<typeof reportSchema> = {};

  beforeAll(async () => {
    if (!trusted) storeRun(workspace);
    const file = path.join(workspace.home, "report.json");
    await using window = await EditorWindow.open({
      home: workspace.home,
      folder: workspace.folder,
      trusted,
      companions: [await packCompanion(path.join(workspace.home, "companion"))],
      environment: { [reportVariable]: file },
    });
    await vi.waitUntil(() => existsSync(file), { timeout: 120_000 });
    report = reportSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    await window.screenshot(trusted ? "claims-trusted" : "claims-restricted");
  });

  afterAll(() => {
    workspace.remove();
  });

  test.each(Object.keys(claims))("%s", (claim) => {
    expect(report[claim]).toBeNull();
  });
});
