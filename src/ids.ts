/** Every command, setting, context key and view id. A test holds `package.json` to these. */

export const commands = {
  inspect: "orrery.inspect",
  inspectWithArguments: "orrery.inspectWithArguments",
  stop: "orrery.stop",
  pause: "orrery.pause",
  resume: "orrery.resume",
  measure: "orrery.measure",
  openRun: "orrery.openRun",
  refreshRuns: "orrery.refreshRuns",
  importRun: "orrery.importRun",
  deleteRun: "orrery.deleteRun",
  revealRun: "orrery.revealRun",
  copyRunPath: "orrery.copyRunPath",
  showConsole: "orrery.showConsole",
  clearInline: "orrery.clearInline",
  toggleInline: "orrery.toggleInline",
  toggleLenses: "orrery.toggleLenses",
  explainLine: "orrery.explainLine",
  whatIf: "orrery.whatIf",
  silenceLaw: "orrery.silenceLaw",
  showLog: "orrery.showLog",
  doctor: "orrery.doctor",
} as const;

export const settings = {
  section: "orrery",
  inline: "orrery.inline.enabled",
  codeLens: "orrery.codeLens.enabled",
  inlayHints: "orrery.inlayHints.enabled",
  hovers: "orrery.hovers.enabled",
  diagnostics: "orrery.diagnostics.enabled",
  silencedLaws: "orrery.diagnostics.silencedLaws",
  runsDirectory: "orrery.runs.directory",
  measuringBudget: "orrery.measuringBudget",
  probeSetBatches: "orrery.probeSet.batches",
  probeSetMegabytes: "orrery.probeSet.megabytes",
  backend: "orrery.backend",
  nodePath: "orrery.node.path",
  nodeArguments: "orrery.node.arguments",
  pythonPath: "orrery.python.path",
} as const;

export const contextKeys = {
  /** At least one run of this window's workspace is live. */
  live: "orrery.live",
  /** At least one live run is paused. */
  paused: "orrery.paused",
  /** At least one live run is not paused. */
  running: "orrery.running",
  /** Something of a last run is shown beside the lines, so there is something to clear. */
  inlineResults: "orrery.inlineResults",
} as const;

export const views = {
  container: "orrery",
  runs: "orrery.runs",
  laws: "orrery.laws",
  /** View type of the panel, which its serializer is registered for. */
  panel: "orrery.run",
} as const;

/** `contextValue`s of the runs view's items. */
export const runItems = { live: "run.live", paused: "run.paused", ended: "run.ended" } as const;
