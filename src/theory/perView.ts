import type { RunView } from "./runView.ts";

/** What is asked of a view several times and found once: a view stays as it is, and an ended run's is the same for all runs after it. */
export function perView<T>(of: (view: RunView) => T): (view: RunView) => T {
  const known = new WeakMap<RunView, { readonly result: T }>();
  return (view) => {
    let found = known.get(view);
    if (found === undefined) known.set(view, (found = { result: of(view) }));
    return found.result;
  };
}
