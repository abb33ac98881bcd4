/** What every module of PyTorch has: its parameters, the modules within it, and what moves it elsewhere. */
import { Instance } from "../interpret/classObject.ts";
import { builtin } from "../interpret/closure.ts";
import { frozen } from "../interpret/flow.ts";
import { LayerObject } from "../interpret/layerObject.ts";
import { listOf, nothing, scalar, tuple, unknown, type ObjectValue, type Value } from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import type { Modes } from "./modes.ts";
import { isModule, modulesOf, Parameters, partsOf, weightsOf } from "./torchModules.ts";

function isTrue(value: Value | undefined): boolean {
  return value === undefined || (value.kind === "scalar" && value.value === true);
}

export function moduleMember(of: ObjectValue, name: string, range: SourceRange, modes: Modes): Value {
  switch (name) {
    case "train":
    case "eval":
      return builtin((given) => {
        modes.set(of, name, given);
        return of;
      });
    case "parameters":
      return builtin((given) => new Parameters(of, given.range));
    case "named_parameters":
      return builtin(() => listOf(weightsOf(of).map(([each, weight]) => tuple([scalar(each, undefined), weight]))));
    case "modules":
      return builtin(() => listOf(modulesOf(of).map(({ module }) => module)));
    case "named_modules":
      return builtin(() => listOf(modulesOf(of).map(({ path, module }) => tuple([scalar(path, undefined), module]))));
    case "children":
      return builtin(() => listOf(partsOf(of).flatMap(([, each]) => (isModule(each) ? [each] : []))));
    case "named_children":
      return builtin(() =>
        listOf(
          partsOf(of).flatMap(([each, value]) => (isModule(value) ? [tuple([scalar(each, undefined), value])] : [])),
        ),
      );
    case "apply":
      return builtin((given) => {
        const [change] = given.positional;
        for (const { module } of modulesOf(of).toReversed()) {
          if (change?.kind === "object" && change.call !== undefined) change.call(given.withPositional([module]));
          else of.escape?.("apply");
        }
        return of;
      });
    case "to":
    case "cuda":
    case "cpu":
    case "float":
    case "double":
    case "half":
      return builtin(() => of);
    case "requires_grad_":
      return builtin((given) => {
        if (!isTrue(given.positional[0])) {
          for (const [, weight] of weightsOf(of)) weight.freeze();
          for (const { module } of modulesOf(of)) if (module instanceof LayerObject) module.altered ??= frozen;
        }
        return of;
      });
    case "forward":
      return builtin((given) => of.call?.(given) ?? unknown("not followed", given.range));
    case "load_state_dict":
      return builtin(() => {
        of.escape?.("load_state_dict");
        return nothing;
      });
    case "add_module":
    case "register_parameter":
    case "register_module":
      return builtin((given) => {
        const [key, value] = [given.get(0, "name"), given.get(1, name === "register_parameter" ? "param" : "module")];
        if (key?.kind === "scalar") of.assign?.(String(key.value), value ?? nothing);
        else if (of instanceof Instance) of.loseSettings("a module of a name that is not known is added");
        return nothing;
      });
    case "state_dict":
    case "zero_grad":
    case "log":
    case "register_buffer":
    case "save_hyperparameters":
      return builtin(() => nothing);
    case "module":
      return of;
    default:
      return unknown(`${name} of a module`, range);
  }
}
