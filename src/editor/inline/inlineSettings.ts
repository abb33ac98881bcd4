/** Which inline surfaces a person wants: one switch each, one for all, and one list of laws that raise no diagnostics. */
import * as vscode from "vscode";
import { settings } from "../../ids.ts";

type InlineSurface = "codeLens" | "inlayHints" | "hovers" | "diagnostics";

export function isShown(surface: InlineSurface, document: vscode.TextDocument): boolean {
  const configuration = vscode.workspace.getConfiguration("", document);
  return configuration.get<boolean>(settings.inline, true) && configuration.get<boolean>(settings[surface], true);
}

/** Ids or numbers of the laws whose diagnostics are not shown. */
export function silencedLaws(document: vscode.TextDocument): readonly string[] {
  return vscode.workspace.getConfiguration("", document).get<readonly string[]>(settings.silencedLaws, []);
}

export function affectsInline(event: vscode.ConfigurationChangeEvent): boolean {
  const { inline, codeLens, inlayHints, hovers, diagnostics, silencedLaws: laws } = settings;
  return [inline, codeLens, inlayHints, hovers, diagnostics, laws].some((setting) =>
    event.affectsConfiguration(setting),
  );
}

/** Switches a setting over, for this person. */
export async function toggle(setting: typeof settings.inline | typeof settings.codeLens): Promise<void> {
  const configuration = vscode.workspace.getConfiguration();
  await configuration.update(setting, !configuration.get<boolean>(setting, true), vscode.ConfigurationTarget.Global);
}

/** Shows no more diagnostics of a law, for this person. */
export async function silenceLaw(law: unknown): Promise<void> {
  if (typeof law !== "string") return;
  const configuration = vscode.workspace.getConfiguration();
  const silenced = configuration.get<readonly string[]>(settings.silencedLaws, []);
  if (silenced.includes(law)) return;
  await configuration.update(settings.silencedLaws, [...silenced, law], vscode.ConfigurationTarget.Global);
}
