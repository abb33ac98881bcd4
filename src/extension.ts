/** The composition root: builds the parts, connects them, disposes them. */
import path from "node:path";
import * as vscode from "vscode";
import { startClock } from "./editor/activationClock.ts";
import { Doctor } from "./editor/doctor.ts";
import { importRun } from "./editor/importCommand.ts";
import { InlineDiagnostics } from "./editor/inline/inlineDiagnostics.ts";
import { InlineHints } from "./editor/inline/inlineHints.ts";
import { InlineHovers } from "./editor/inline/inlineHovers.ts";
import { InlineResults } from "./editor/inline/inlineResults.ts";
import { silenceLaw, toggle } from "./editor/inline/inlineSettings.ts";
import { LastRuns } from "./editor/inline/lastRuns.ts";
import { whatIf } from "./editor/inline/whatIf.ts";
import { inspectScript, inspectWithArguments } from "./editor/inspectCommand.ts";
import { LawsView } from "./editor/lawsView.ts";
import { showEnd, showFailure } from "./editor/notices.ts";
import { PanelsOnDemand } from "./editor/panelsOnDemand.ts";
import { runCommands } from "./editor/runCommands.ts";
import { RunController } from "./editor/runController.ts";
import { RunIndex } from "./editor/runIndex.ts";
import { RunsView } from "./editor/runsView.ts";
import { SourceFiles } from "./editor/sourceFiles.ts";
import type { SourceService } from "./editor/sourceService.ts";
import type { SourceWorkerData } from "./editor/sourceWorker.ts";
import { StatusBar } from "./editor/statusBar.ts";
import { TrainingLenses } from "./editor/trainingLenses.ts";
import { WorkerRunAccess } from "./editor/workerRunAccess.ts";
import { WorkerThread } from "./editor/workerThread.ts";
import { commands, settings } from "./ids.ts";

/** What other extensions, and tests in an editor, may know. */
export interface OrreryExtension {
  /** Milliseconds of its thread's time that `activate` took, or somewhat more where Node cannot tell: see `startClock`. */
  readonly activation: number;
}

export function activate(context: vscode.ExtensionContext): OrreryExtension {
  const elapsed = startClock();
  const keep = <T extends { dispose(): void }>(part: T): T => {
    context.subscriptions.push(part);
    return part;
  };
  const dist = context.asAbsolutePath("dist");
  const installation = {
    recorder: path.join(dist, "recorder.mjs"),
    preload: path.join(dist, "probe", "preload.mjs"),
    inspectScript: path.join(dist, "probe", "torch", "inspect_script.py"),
  };

  const log = keep(vscode.window.createOutputChannel("Orrery", { log: true }));
  const report = (error: Error) => {
    log.error(error);
  };
  const reader = path.join(dist, "readerWorker.mjs");
  const access = keep(new WorkerRunAccess(reader, report));
  const runs = keep(new RunIndex(access, log));
  const controller = new RunController(installation, runs, log);
  const theory = async () => (await import("./editor/panelTheory.ts")).panelTheory;
  const panels = keep(
    new PanelsOnDemand({ extensionUri: context.extensionUri, access, control: controller, theory, log }),
  );
  const parser = new WorkerThread<SourceService>({
    script: path.join(dist, "sourceWorker.cjs"),
    name: "Orrery script reader",
    data: { grammars: path.join(dist, "grammars") } satisfies SourceWorkerData,
    report,
  });
  const sources = keep(new SourceFiles(parser, report));
  const lastRuns = keep(new LastRuns(runs, access));
  const results = keep(new InlineResults(sources, lastRuns, log));
  keep(new TrainingLenses({ sources, runs, lastRuns, results, log }));
  keep(new InlineHints(results));
  const hovers = keep(new InlineHovers(results));
  keep(new InlineDiagnostics(results));
  const doctor = keep(new Doctor(path.join(dist, "probe", "doctor.mjs"), log));
  keep(new RunsView(runs, doctor));
  keep(new LawsView(access, runs, log));
  keep(new StatusBar(runs));

  keep(runs.onDidEnd((run) => void showEnd(run)));
  keep(runs.onDidFindOrphan((run) => void controller.recover(run.directory)));
  keep(vscode.workspace.onDidGrantWorkspaceTrust(() => void controller.recoverAll()));

  const handlers = new Map<string, (target: unknown) => Promise<void> | void>([
    ...runCommands({ runs, controller, panels }),
    [commands.inspect, (target) => inspectScript(target, { controller, panels })],
    [
      commands.inspectWithArguments,
      (target) => inspectWithArguments(target, { controller, panels }, context.workspaceState),
    ],
    [commands.importRun, () => importRun({ runs, panels, reader, report })],
    [commands.refreshRuns, () => runs.refresh()],
    [
      commands.clearInline,
      () => {
        lastRuns.clear();
      },
    ],
    [commands.toggleInline, () => toggle(settings.inline)],
    [commands.toggleLenses, () => toggle(settings.codeLens)],
    [commands.explainLine, (target) => hovers.explain(target)],
    [commands.whatIf, (target) => whatIf(target, sources)],
    [commands.silenceLaw, (law) => silenceLaw(law)],
    [commands.doctor, () => doctor.show()],
    [
      commands.showLog,
      () => {
        log.show();
      },
    ],
  ]);
  for (const [command, handle] of handlers) {
    keep(
      vscode.commands.registerCommand(command, async (target: unknown) => {
        try {
          await handle(target);
        } catch (error) {
          await showFailure(error, log);
        }
      }),
    );
  }

  const activation = elapsed();
  log.info(`Activated in ${activation.toFixed(1)} ms`);
  return { activation };
}
