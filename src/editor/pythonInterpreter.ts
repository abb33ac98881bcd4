/** Which Python a person trains with: the one that is selected for the workspace, else the one in our setting. */
import path from "node:path";
import * as vscode from "vscode";
import { settings } from "../ids.ts";

/** The Python extension, which need not be there. */
export const pythonExtension = "ms-python.python";

/** As much of the Python extension's API as is used here, of whose shape nothing is taken on trust. */
interface Environments {
  getActiveEnvironmentPath(resource: vscode.Uri): unknown;
  resolveEnvironment(environment: unknown): Promise<unknown>;
}

/** An executable for `choosePython`; undefined where nobody has chosen any. */
export async function pythonFor(script: vscode.Uri): Promise<string | undefined> {
  return (await selected(script)) ?? set(script);
}

/** The one that is selected in the Python extension; undefined where that is not there, or fails to say. */
async function selected(script: vscode.Uri): Promise<string | undefined> {
  try {
    const exported: unknown = await vscode.extensions.getExtension<unknown>(pythonExtension)?.activate();
    const environments = propertyOf(exported, "environments");
    if (!areEnvironments(environments)) return undefined;
    const environment = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(script));
    const executable = propertyOf(propertyOf(propertyOf(environment, "executable"), "uri"), "fsPath");
    return typeof executable === "string" && executable !== "" ? executable : undefined;
  } catch {
    // A Python extension that fails shows its own message; the setting, and then the PATH, are as good.
    return undefined;
  }
}

function set(script: vscode.Uri): string | undefined {
  const written = vscode.workspace.getConfiguration("", script).get<string>(settings.pythonPath, "").trim();
  if (written === "") return undefined;
  const folder = vscode.workspace.getWorkspaceFolder(script)?.uri.fsPath ?? path.dirname(script.fsPath);
  // A bare name is looked up on the PATH.
  return /[\\/]/.test(written) ? path.resolve(folder, written) : written;
}

function areEnvironments(value: unknown): value is Environments {
  return (
    typeof propertyOf(value, "getActiveEnvironmentPath") === "function" &&
    typeof propertyOf(value, "resolveEnvironment") === "function"
  );
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (Reflect.get(value, name) as unknown) : undefined;
}
