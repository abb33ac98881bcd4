/** `npm run editor`: the packaged extension in the local workbench, with the examples open, until Ctrl-C. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { packagedExtension } from "./packaged.ts";
import { installWorkbench, startWorkbench } from "./workbench.ts";

const examples = path.join(path.dirname(import.meta.dirname), "examples");
const home = mkdtempSync(path.join(tmpdir(), "orrery-editor-"));

/** The examples are short: measured four times as often as by default, their curves are worth looking at. */
const settings = { "orrery.measuringBudget": 0.2 };

process.once("exit", () => {
  rmSync(home, { recursive: true, force: true });
});

try {
  installWorkbench(console.log);
  const workbench = await startWorkbench({ home, extensions: [packagedExtension], trusted: true, settings });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      void workbench.stop();
    });
  }
  console.log(`Open ${workbench.folderAddress(examples)} in a browser. Ctrl-C ends it.`);
  await workbench.ended;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
