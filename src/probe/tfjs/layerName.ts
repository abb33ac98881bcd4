/** A layer's kernel is called by its layer. */
export function layerName(variable: string): string {
  return variable.replace(/\/kernel$/, "");
}
