/**
 * Tries all backends for a script and sends what comes of each to the parent process: `doctor.mjs <choice> <script>`.
 *
 * Run on the Node and from the folder that a run would have, it asks the very code that chooses a run's backend. The script is
 * not run, and need not exist: packages are looked for from where it would lie.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import type { BackendMessage } from "../backendReport.ts";
import {
  attempts,
  candidatesFor,
  decisionOf,
  makeSetting,
  mayUseTensorFlow,
  type Attempt,
} from "./backends/backendChoice.ts";
import { redirectPackages } from "./redirect.ts";

const [choice = "auto", script = ""] = process.argv.slice(2);

await report(path.resolve(script));
// A backend's own threads and handles keep nobody waiting.
process.exit();

async function report(file: string): Promise<void> {
  redirectPackages(file, { noteOnce: () => undefined });
  const left = whyLeft(file);
  const order = left === undefined ? choice : "auto";
  await tell({
    t: "plan",
    backends: candidatesFor(order).map(({ title }) => title),
    ...(left !== undefined && { left }),
  });
  const setting = makeSetting(file);
  let decided = left !== undefined;
  const refused: Attempt[] = [];
  for await (const attempt of attempts(order, setting)) {
    const { candidate, merit, refusal } = attempt;
    if (merit === undefined) refused.push(attempt);
    else if (!decided) {
      decided = true;
      await tell({ t: "decision", title: candidate.title, ...decisionOf(setting, candidate, merit, refused) });
    }
    const { title, choice: name } = candidate;
    await tell({
      t: "backend",
      title,
      choice: name,
      ...(merit !== undefined && { merit }),
      ...(refusal !== undefined && { refusal }),
    });
  }
}

function whyLeft(file: string): string | undefined {
  if (choice === "script") return "the script chooses";
  if (existsSync(file) && !mayUseTensorFlow(file)) return "the script does not import TensorFlow.js";
  return undefined;
}

/** Resolves once the message is on its way, so that not even a crash of what comes next can take it back. */
function tell(message: BackendMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) throw new Error("Only a process that has asked for it is told about backends.");
    process.send(message, undefined, undefined, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
