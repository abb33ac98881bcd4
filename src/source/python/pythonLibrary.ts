/** What reading Python needs to know of the packages that a script imports. */
import type { Given } from "../interpret/given.ts";
import type { Value } from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import type { Batches } from "../interpret/batches.ts";
import type { ClassObject } from "../interpret/classObject.ts";

/** What a loop over batches of data goes over. */
export interface LoopData {
  readonly batches: Batches;
  readonly item: Value | undefined;
}

export interface PythonLibrary {
  /** The full name of a value that stands for something of a package; undefined for all others. */
  provided(value: Value): string | undefined;
  /** What it remembers of the script: the same where it answers the same. */
  readonly state: string;
  /** What a full name of a package stands for, as `torch.nn`. */
  named(path: string, range: SourceRange): Value;
  /** All names of a package are imported. */
  openNames(path: string): void;
  /** A name that is not defined in the file. */
  undefinedName(name: string, range: SourceRange): Value;
  /** A value of the framework's under an arithmetic operator; undefined where neither side is one. */
  operate(operator: string, one: Value, other: Value, range: SourceRange): Value | undefined;
  /** `value[index]` of a value of the framework's, or `value[from:to]`; undefined where it is none. */
  index(value: Value, index: Value | "rows", range: SourceRange): Value | undefined;
  /** Batches of data; undefined where a value is not known to have any. */
  dataOf(value: Value): LoopData | undefined;
  /** A value with the same batches, another item in each round. */
  data(of: LoopData): Value;
  /** Whether a value is an instance of a class of the framework's; undefined where that is not known. */
  isInstance(value: Value, type: Value): boolean | undefined;
  /** Makes an instance of a class that derives from one of the framework's; undefined where it does not. */
  instance(of: ClassObject, given: Given | undefined): Value | undefined;
  /** A call of a method that is not followed by the value itself. */
  unfollowedMethod(name: string, object: Value, given: Given): Value | undefined;
}
