/**
 * What is asked of an object several times and found once, for as long as the object is there: of a run's view, which stays as it is, or of a model's sketch, which
 * reading a text again leaves where an edit does not concern it. `of` gives the same for the same object.
 */
export function oncePer<K extends object, T>(of: (key: K) => T): (key: K) => T {
  const known = new WeakMap<K, { readonly result: T }>();
  return (key) => {
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = { result: of(key) }));
    return found.result;
  };
}
