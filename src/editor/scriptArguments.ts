/** A script's arguments as a person types them. */
import { split } from "shlex";

/** Quoted text, or a backslash outside quotes. */
const windowsParts = /"[^"]*"|'[^']*'|\\/g;

/**
 * Words as a POSIX shell makes them out of quotes and backslashes; variables, patterns and redirections stay as they are
 * typed. On Windows a backslash stands for itself outside single quotes, because paths are full of them. Throws where a quote is not closed.
 */
export function scriptArguments(text: string, platform: NodeJS.Platform): string[] {
  const literal = (part: string) => (part.startsWith("'") ? part : part.replaceAll("\\", "\\\\"));
  return split(platform === "win32" ? text.replace(windowsParts, literal) : text);
}

/** Whether `text` can be read, while it is being typed. */
export function areReadable(text: string, platform: NodeJS.Platform): boolean {
  try {
    scriptArguments(text, platform);
    return true;
  } catch {
    return false;
  }
}
