/** At least as many calls of ours as lie between the script and TensorFlow.js. */
const ownFrames = 10;

/** Runs the script's code under calls of ours, so that its errors' traces reach as far back as without. */
export function withRoomForOwnFrames<T>(run: () => T): T {
  const limit = Error.stackTraceLimit;
  const raised = limit + ownFrames;
  Error.stackTraceLimit = raised;
  try {
    return run();
  } finally {
    // Unless the script has set a limit of its own meanwhile.
    if (Error.stackTraceLimit === raised) Error.stackTraceLimit = limit;
  }
}

/** Takes our calls out of an error's trace, which is about to be printed. */
export function hideOwnFrames(error: unknown): void {
  if (!(error instanceof Error) || typeof error.stack !== "string") return;
  const lines = error.stack.split("\n");
  const isOwn = (line: string) => line.includes(import.meta.url) || line.includes(import.meta.filename);
  if (!lines.some(isOwn)) return;
  let frames = 0;
  const kept = lines.filter((line) => {
    if (!/^ {4}at /.test(line)) return true;
    if (isOwn(line)) return false;
    frames++;
    return frames <= Error.stackTraceLimit;
  });
  error.stack = kept.join("\n");
}
