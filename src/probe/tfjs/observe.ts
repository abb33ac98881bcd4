import path from "node:path";
import { chooseBackend } from "./backends/backendChoice.ts";
import { BeginRecord } from "./beginRecord.ts";
import { Budget } from "./budget.ts";
import { RunClock } from "./clock.ts";
import { ControlFile } from "./controlFile.ts";
import { Controls } from "./controls.ts";
import { Copies } from "./copies.ts";
import { Ending } from "./ending.ts";
import { hookEngine } from "./engineHook.ts";
import { Journal } from "./journal.ts";
import { WeightsFolder } from "./keptWeights.ts";
import { MeasurementPlan } from "./measurementPlan.ts";
import { MemoryGuard } from "./memoryGuard.ts";
import { Optimizers } from "./optimizers.ts";
import type { ProbeSetLimits } from "./probeSet.ts";
import { redirectPackages } from "./redirect.ts";
import { Session } from "./session.ts";
import { Spool } from "./spool.ts";
import { StepRecorder } from "./stepRecorder.ts";
import { TrainingFacts } from "./trainingFacts.ts";

/** Builds the probe's parts, connects them, and hooks them into this process. */
export async function observe(
  run: string,
  backendChoice: string,
  fraction: number,
  probeSet: ProbeSetLimits,
): Promise<void> {
  const script = path.resolve(process.argv[1] ?? "");
  let spool: Spool;
  try {
    spool = new Spool(run);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`Orrery cannot write to the run's folder, so the script runs unobserved: ${reason}\n`);
    return;
  }
  const journal = new Journal(spool, new RunClock());
  const budget = new Budget(Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0.05);
  const facts = new TrainingFacts(journal);
  const optimizers = new Optimizers(journal, facts, probeSet, new WeightsFolder(run));
  const recorder = new StepRecorder(journal, budget, facts, optimizers);
  const begin = new BeginRecord(journal, script);
  const ending = new Ending(journal, begin, recorder);
  const controls = new Controls(new ControlFile(run), journal, budget, () => {
    ending.stop();
  });
  const session = new Session({
    journal,
    facts,
    plan: new MeasurementPlan(budget, journal, facts, optimizers),
    recorder,
    memory: new MemoryGuard(journal),
    begins(engine) {
      begin.confirm(engine.backendName);
    },
    betweenSteps() {
      controls.poll();
    },
  });
  session.hook(new Copies(session));
  ending.watch();
  hookEngine(session);
  redirectPackages(script, journal);
  const decision = await chooseBackend(backendChoice, script, journal, (text) => {
    ending.fail(text);
  });
  session.loaded();
  if (decision !== undefined) begin.write(decision);
}
