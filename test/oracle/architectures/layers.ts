/** What a weight's layer is called in names of observables: a layer's only kernel by the layer, others by themselves. */
export function layerNameOf(variable: string): string {
  return variable.endsWith("/kernel") ? variable.slice(0, -"/kernel".length) : variable;
}
