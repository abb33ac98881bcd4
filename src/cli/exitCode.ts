/** What the exit code of `orrery` says; `--help` prints this list. */
export const exitCode = {
  ok: 0,
  scriptFailed: 1,
  usage: 2,
  notReadable: 3,
  notStarted: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
