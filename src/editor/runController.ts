/** Starts, steers and ends runs. Everything here that acts is refused in Restricted Mode. */
import path from "node:path";
import * as vscode from "vscode";
import { settings } from "../ids.ts";
import type { Installation, RunOptions } from "../recorder/launch.ts";
import { isPython } from "../recorder/scriptKinds.ts";
import { RunDirectory } from "../run/runDirectory.ts";
import type { BackendChoice } from "../run/runManifest.ts";
import type { RunControl, RunRequest, Subscription } from "./runAccess.ts";
import { pythonFor } from "./pythonInterpreter.ts";
import { runsRoot, runsRootBeside, type RunIndex } from "./runIndex.ts";

/** Refused because the workspace is not trusted. */
export class RestrictedError extends Error {
  override readonly name = "RestrictedError";

  constructor() {
    super(vscode.l10n.t("This workspace is not trusted, so Orrery shows its runs but starts and changes nothing."));
  }
}

export class RunController implements RunControl {
  readonly #installation: Installation;
  readonly #runs: RunIndex;
  readonly #log: vscode.LogOutputChannel;

  constructor(installation: Installation, runs: RunIndex, log: vscode.LogOutputChannel) {
    this.#installation = installation;
    this.#runs = runs;
    this.#log = log;
  }

  /** Starts a run of a saved script, given its arguments, and returns its directory. Throws `LaunchError` with what to do. */
  async inspect(script: vscode.Uri, given: readonly string[]): Promise<string> {
    requireTrust();
    const { createRun, startRecorder } = await import("../recorder/launch.ts");
    const options = await optionsFor(script, given);
    const directory = await createRun(this.#installation, options);
    this.#log.info(`Inspecting ${options.script} in ${directory.path}`);
    startRecorder(this.#installation, directory);
    await this.#runs.expect(directory.path);
    return directory.path;
  }

  /** Starts a recorder again for a run that has lost its own; leaves everything as it is in Restricted Mode. */
  async recover(directory: string): Promise<void> {
    if (!vscode.workspace.isTrusted) return;
    try {
      const { recoverRun } = await import("../recorder/launch.ts");
      if (!recoverRun(this.#installation, new RunDirectory(directory))) return;
      this.#log.info(`Nobody recorded ${directory} any more: its recorder was started again.`);
      await this.#runs.expect(directory);
    } catch (error) {
      this.#log.error(`${directory} cannot be recorded any further.`, error);
    }
  }

  async recoverAll(): Promise<void> {
    for (const run of this.#runs.runs) if (run.orphaned) await this.recover(run.directory);
  }

  controllable(directory: string): boolean {
    return vscode.workspace.isTrusted && this.#runs.find(directory)?.live === true;
  }

  onDidChangeControllable(listener: () => void): Subscription {
    const subscriptions = [
      this.#runs.onDidChange(() => {
        listener();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(listener),
    ];
    return vscode.Disposable.from(...subscriptions);
  }

  async request(directory: string, request: RunRequest): Promise<void> {
    requireTrust();
    const { requestOf, stopRun } = await import("../recorder/stopRun.ts");
    const run = new RunDirectory(directory);
    this.#log.info(`Asked of ${directory}: ${request}`);
    if (request === "stop") await stopRun(run);
    else await requestOf(run, { do: request });
    await this.#runs.refresh();
  }

  async showConsole(directory: string): Promise<void> {
    const console = vscode.Uri.file(new RunDirectory(directory).console);
    try {
      await vscode.window.showTextDocument(console, { preview: true });
    } catch (error) {
      this.#log.warn(`${console.fsPath} cannot be opened: ${String(error)}`);
      throw new Error(vscode.l10n.t("This run has no console log yet: its script has not been started."), {
        cause: error,
      });
    }
  }
}

/** Throws `RestrictedError` in Restricted Mode. */
export function requireTrust(): void {
  if (!vscode.workspace.isTrusted) throw new RestrictedError();
}

/** How the person wants scripts there to be run. */
export function launchSettings(
  scope: vscode.Uri,
): Required<Pick<RunOptions, "workingDirectory" | "backend" | "node" | "nodeArguments">> {
  const configuration = vscode.workspace.getConfiguration("", scope);
  const folder = vscode.workspace.getWorkspaceFolder(scope);
  return {
    workingDirectory: folder?.uri.fsPath ?? path.dirname(scope.fsPath),
    backend: configuration.get<BackendChoice>(settings.backend, "auto"),
    node: configuration.get<string>(settings.nodePath, "").trim(),
    nodeArguments: configuration.get<string[]>(settings.nodeArguments, []),
  };
}

async function optionsFor(script: vscode.Uri, given: readonly string[]): Promise<RunOptions> {
  const folder = vscode.workspace.getWorkspaceFolder(script);
  const configuration = vscode.workspace.getConfiguration("", script);
  return {
    ...launchSettings(script),
    ...(isPython(script.fsPath) && { python: await pythonFor(script) }),
    script: script.fsPath,
    arguments: given,
    runsDirectory: folder === undefined ? runsRootBeside(script.fsPath) : runsRoot(folder),
    budget: configuration.get<number>(settings.measuringBudget, 0.05),
    probeSet: {
      batches: configuration.get<number>(settings.probeSetBatches, 4),
      megabytes: configuration.get<number>(settings.probeSetMegabytes, 256),
    },
  };
}
