/** A run that cannot be started; the message says why and what to do. */
export class LaunchError extends Error {
  override readonly name: string = "LaunchError";
}
