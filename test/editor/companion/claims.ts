/**
 * What has to be true inside an editor, as seen through its own API. Run by the companion extension in the local workbench
 * and by the desktop editor's test host; the API is handed in, so that the names can be read without an editor.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import type * as vscode from "vscode";
import { startClock } from "../../../src/editor/activationClock.ts";
import { commands, settings } from "../../../src/ids.ts";

export type EditorApi = typeof vscode;
export type Claims = Readonly<Record<string, (api: EditorApi) => Promise<void>>>;

const extensionId = "orrery.orrery";

/** Milliseconds of its thread's time that our own `activate` may take. */
const activationLimit = 50;

/** Milliseconds of its own time that the extension host's thread may be busy without a pause. */
const turnLimit = 20;

export const trustedClaims: Claims = {
  "nothing is activated before it is needed": async (api) => {
    assert.equal(extension(api).isActive, false);
    await Promise.resolve();
  },
  "activating takes less than 50 ms": async (api) => {
    const { activation } = await extension(api).activate();
    assert.ok(activation < activationLimit, `it took ${activation} ms`);
  },
  "every command is registered": async (api) => {
    await extension(api).activate();
    const registered = new Set(await api.commands.getCommands(true));
    assert.deepEqual(
      Object.values(commands).filter((command) => !registered.has(command)),
      [],
    );
  },
  "every command is declared, with a title and a category": async (api) => {
    const { contributes } = extension(api).packageJSON as {
      contributes: { commands: { command: string; title: string; category: string }[] };
    };
    assert.deepEqual(
      contributes.commands.map(({ command }) => command).toSorted(),
      Object.values<string>(commands).toSorted(),
    );
    for (const { title, category } of contributes.commands) {
      assert.equal(category, "Orrery");
      // The editor has put the text in the place of its key.
      assert.doesNotMatch(title, /%/);
    }
    await Promise.resolve();
  },
  "a script that trains has a lens over its model and over its training call": async (api) => {
    const document = await api.workspace.openTextDocument(inWorkspace(api, "chebyshev.mjs"));
    const lenses = await lensesOf(api, document);
    const inspecting = lenses.filter((lens) => lens.command?.command === commands.inspect);
    assert.deepEqual(
      inspecting.map((lens) => document.lineAt(lens.range.start.line).text.trim()),
      [
        "const model = tf.sequential({",
        "const loss = optimizer.minimize(() => tf.losses.meanSquaredError(targets, model.predict(inputs)), true);",
      ],
    );
    assert.deepEqual(new Set(inspecting.map((lens) => lens.command?.title)), new Set(["▷ Inspect"]));
  },
  "a script without TensorFlow.js has no lens": async (api) => {
    const document = await api.workspace.openTextDocument({
      language: "javascript",
      content: 'import { optimizer } from "./mine.js";\noptimizer.minimize(() => 1);\n',
    });
    assert.deepEqual(await lensesOf(api, document), []);
  },
  "lenses follow an edit": async (api) => {
    const before = 'import * as tf from "@tensorflow/tfjs";\n';
    const document = await api.workspace.openTextDocument({ language: "typescript", content: before });
    assert.deepEqual(await lensesOf(api, document), []);
    const edit = new api.WorkspaceEdit();
    edit.insert(document.uri, new api.Position(1, 0), "\nconst model = tf.sequential();\nawait model.fit(x, y);\n");
    await api.workspace.applyEdit(edit);
    const lenses = await lensesOf(api, document);
    const inspecting = lenses.filter((lens) => lens.command?.command === commands.inspect);
    assert.deepEqual(
      inspecting.map((lens) => lens.range.start.line),
      [2, 3],
    );
  },
  "typing in a long script takes no turn of more than 20 ms of the extension host": async (api) => {
    const script = readFileSync(inWorkspace(api, "layers.py").fsPath, "utf8");
    const content = `${script}${"# A line that says nothing.\n".repeat(3000)}`;
    const document = await api.workspace.openTextDocument({ language: "python", content });
    const end = document.positionAt(script.indexOf("lr=0.5") + "lr=0.5".length);
    const type = async () => {
      const edit = new api.WorkspaceEdit();
      edit.insert(document.uri, end, "1");
      await api.workspace.applyEdit(edit);
      assert.notDeepEqual(await lensesOf(api, document), []);
      const whole = new api.Range(0, 0, document.lineCount, 0);
      await api.commands.executeCommand("vscode.executeInlayHintProvider", document.uri, whole);
      await api.commands.executeCommand("vscode.executeHoverProvider", document.uri, end.translate(0, -1));
    };
    // Code that is not compiled yet takes longer.
    for (let typed = 0; typed < 5; typed++) await type();
    const longest = await longestTurn(async () => {
      for (let typed = 0; typed < 20; typed++) await type();
    });
    assert.ok(longest < turnLimit, `one took ${longest} ms`);
  },
  "lenses can be switched off and on": async (api) => {
    const document = await api.workspace.openTextDocument(inWorkspace(api, "chebyshev.mjs"));
    const configuration = api.workspace.getConfiguration();
    await configuration.update(settings.codeLens, false, api.ConfigurationTarget.Global);
    assert.deepEqual(await lensesOf(api, document), []);
    await configuration.update(settings.codeLens, undefined, api.ConfigurationTarget.Global);
    assert.notDeepEqual(await lensesOf(api, document), []);
  },
};

/** Needs a workspace that is not trusted. */
export const restrictedClaims: Claims = {
  "the workspace is not trusted": async (api) => {
    assert.equal(api.workspace.isTrusted, false);
    await Promise.resolve();
  },
  "no lens offers to start anything": async (api) => {
    const document = await api.workspace.openTextDocument(inWorkspace(api, "chebyshev.mjs"));
    const offered = (await lensesOf(api, document)).map((lens) => lens.command?.command);
    const looking: (string | undefined)[] = [commands.openRun, commands.explainLine, commands.whatIf];
    assert.deepEqual(
      offered.filter((command) => !looking.includes(command)),
      [],
    );
  },
  "commands that act are refused, also when they are called past the palette": async (api) => {
    await extension(api).activate();
    const before = storedRuns(api);
    const script = inWorkspace(api, "chebyshev.mjs");
    const [run] = before;
    assert.ok(run !== undefined, "the fixture holds a stored run");
    const directory = path.join(runsFolder(api), run);
    const calls: [string, unknown][] = [
      [commands.inspect, script],
      [commands.doctor, undefined],
      ...[commands.stop, commands.pause, commands.resume, commands.measure].map((command): [string, unknown] => [
        command,
        directory,
      ]),
    ];
    // A refusal is shown to the person and not thrown, and its message stays up: nobody answers it here.
    for (const [command, target] of calls) void api.commands.executeCommand(command, target);
    await extension(api).activate();
    await api.commands.executeCommand(commands.refreshRuns);
    assert.deepEqual(storedRuns(api), before);
    assert.equal(existsSync(path.join(directory, "control.jsonl")), false);
  },
};

export function extension(api: EditorApi): vscode.Extension<{ readonly activation: number }> {
  const found = api.extensions.getExtension<{ readonly activation: number }>(extensionId);
  assert.ok(found !== undefined, `${extensionId} is not installed`);
  return found;
}

function workspaceFolder(api: EditorApi): string {
  const folder = api.workspace.workspaceFolders?.[0];
  assert.ok(folder !== undefined, "no folder is open");
  return folder.uri.fsPath;
}

function inWorkspace(api: EditorApi, name: string): vscode.Uri {
  return api.Uri.file(path.join(workspaceFolder(api), name));
}

function runsFolder(api: EditorApi): string {
  return path.join(workspaceFolder(api), ".orrery", "runs");
}

function storedRuns(api: EditorApi): string[] {
  if (!existsSync(runsFolder(api))) return [];
  const entries = readdirSync(runsFolder(api), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

async function lensesOf(api: EditorApi, document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
  const all = await api.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", document.uri, 100);
  return all.filter((lens) => lens.command?.command.startsWith("orrery.") === true);
}

/** Milliseconds of this thread's time that the longest turn of its event loop takes meanwhile, which a busy machine does not change. */
async function longestTurn(during: () => Promise<void>): Promise<number> {
  let longest = 0;
  let isOver = false;
  let elapsed = startClock();
  const turn = () => {
    longest = Math.max(longest, elapsed());
    elapsed = startClock();
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await during();
  isOver = true;
  return longest;
}
