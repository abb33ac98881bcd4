/** Which Node runs the user's script. */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { LaunchError } from "./launchError.ts";

export interface Runtime {
  readonly executable: string;
  readonly version: string;
  /** Whether it can be told to compile all of TypeScript, enumerations included, and not only to strip types. */
  readonly transformsTypes: boolean;
  /** Variables that make the executable behave as Node. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Synchronous module hooks, which the probe needs, came with this version. */
const oldest = [22, 15] as const;
export const oldestNode = oldest.join(".");

const run = promisify(execFile);
const question = `JSON.stringify([process.versions.node, process.allowedNodeEnvironmentFlags.has("--experimental-transform-types")])`;
const answerSchema = z.tuple([z.string(), z.boolean()]);

/**
 * The executable that was asked for; else the `node` of the PATH where it is new enough, since native addons work there
 * best; else the Node that this process runs on. Throws `LaunchError` where the one that was asked for will not do.
 */
export async function chooseRuntime(asked: string | undefined): Promise<Runtime> {
  if (asked !== undefined && asked !== "") {
    const runtime = await ask(asked, {}).catch((error: unknown) => {
      throw new LaunchError(
        `${asked} does not answer as Node does (${firstLine(error)}). Give the path of a Node executable.`,
      );
    });
    if (isNewEnough(runtime.version)) return runtime;
    throw new LaunchError(
      `${asked} is Node ${runtime.version}; inspecting a script needs Node ${oldestNode} or newer.`,
    );
  }
  const onPath = await ask("node", {}).catch(() => undefined);
  if (onPath !== undefined && isNewEnough(onPath.version)) return onPath;
  const own = await ask(
    process.execPath,
    process.versions["electron"] === undefined ? {} : { ELECTRON_RUN_AS_NODE: "1" },
  );
  if (isNewEnough(own.version)) return own;
  throw new LaunchError(`No Node ${oldestNode} or newer was found on the PATH. Install one, or say where one is.`);
}

async function ask(executable: string, environment: Readonly<Record<string, string>>): Promise<Runtime> {
  const { stdout } = await run(executable, ["-p", `${question} + "\\n" + process.execPath`], {
    // NODE_OPTIONS may preload anything; none of it is wanted for a question.
    env: { ...process.env, NODE_OPTIONS: "", ...environment },
    timeout: 15_000,
    windowsHide: true,
  });
  const [facts = "", itself = ""] = stdout.trim().split("\n");
  const [version, transformsTypes] = answerSchema.parse(JSON.parse(facts));
  // A `node` that is found by name is stored with its path, so that the manifest says which it was.
  return {
    executable: path.isAbsolute(executable) ? executable : itself.trim(),
    version,
    transformsTypes,
    environment,
  };
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
