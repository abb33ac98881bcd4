/** What is computed of a model once, for as long as its sketch is there: reading a text again leaves those that an edit does not concern. */
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";

/** `of` gives the same for the same sketch. */
export function perModel<T>(of: (model: ModelSketch) => T): (model: ModelSketch) => T {
  const known = new WeakMap<ModelSketch, { readonly result: T }>();
  return (model) => {
    let found = known.get(model);
    if (found === undefined) known.set(model, (found = { result: of(model) }));
    return found.result;
  };
}
