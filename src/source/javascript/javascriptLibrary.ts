/** What reading JavaScript needs to know of the modules that a script imports. */
import type { Given } from "../interpret/given.ts";
import type { ObjectValue, Value } from "../interpret/value.ts";

export interface JavaScriptLibrary {
  /** The full name of a value that stands for something of a module; undefined for all others. */
  provided(value: Value): string | undefined;
  /** What it remembers of the script: the same where it answers the same. */
  readonly state: string;
  /** What an import of a module stands for; undefined for modules that are not known. */
  load(module: string, imported: string): ObjectValue | undefined;
  /** A call of a method of which the object is not known; undefined where the method's name says nothing. */
  unfollowedMethod(name: string, given: Given): Value | undefined;
  /** An assignment to a member of something that is not known. */
  unfollowedAssignment(name: string): void;
}
