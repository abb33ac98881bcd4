/** `argparse`: arguments whose defaults the text states, and which a command line may change. */
import { builtin } from "../interpret/closure.ts";
import { Entries } from "../interpret/entries.ts";
import type { Given } from "../interpret/given.ts";
import type { Memory } from "../interpret/memory.ts";
import { itemsOf, nothing, scalar, tuple, unknown, type ObjectValue, type Value } from "../interpret/value.ts";

/** What `argparse.ArgumentParser()` gives. */
export function parserOfArguments(memory: Memory): ObjectValue {
  const settings = new Entries(memory);
  const group: ObjectValue = {
    kind: "object",
    member: (name) =>
      builtin((given) => {
        if (name === "add_argument") add(settings, given);
        else if (name === "parse_args") {
          stated(settings, given);
          return settings;
        } else if (name === "parse_known_args") return tuple([settings, unknown("other arguments", given.range)]);
        else if (name === "add_argument_group" || name === "add_mutually_exclusive_group") return group;
        else if (name === "set_defaults")
          for (const [key, value] of given.named) settings.assign(key, asDefault(value));
        return nothing;
      }),
  };
  return group;
}

/** `parse_args(["--rate", "0.1"])` says other values than the defaults. */
function stated(settings: Entries, given: Given): void {
  const words = given.get(0, "args");
  const items = words === undefined ? [] : itemsOf(words);
  if (items !== undefined && items.length > 0) settings.lose("given in place of the command line");
}

function add(settings: Entries, given: Given): void {
  const names = given.positional.flatMap((each) =>
    each.kind === "scalar" && typeof each.value === "string" ? [each.value] : [],
  );
  const long = names.find((each) => each.startsWith("--")) ?? names[0];
  const stated = given.by("dest");
  const written = stated?.kind === "scalar" && typeof stated.value === "string" ? stated.value : long;
  if (written === undefined) return;
  let start = 0;
  while (written[start] === "-") start++;
  const name = written.slice(start).replaceAll("-", "_");
  const action = given.by("action");
  const fallback = given.by("default");
  if (fallback !== undefined) settings.assign(name, asDefault(fallback));
  else if (action?.kind === "scalar" && (action.value === "store_true" || action.value === "store_false")) {
    settings.assign(name, scalar(action.value === "store_false", undefined, "default"));
  } else settings.assign(name, unknown("given on the command line", given.range));
}

function asDefault(value: Value): Value {
  return value.kind === "scalar" ? scalar(value.value, value.range, "default") : value;
}
