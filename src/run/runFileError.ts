/** A run, or its run file, that cannot be read or written. The message says what to do about it. */
export class RunFileError extends Error {
  override readonly name = "RunFileError";
}

/** A run file of an earlier version of Orrery, which a rebuild from the spool brings up to date. */
export class OutdatedRunFileError extends RunFileError {}
