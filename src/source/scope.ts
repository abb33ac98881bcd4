/** Which texts are read at all: a look that is cheap enough for a thread that must not wait. */

/** How the name of every TensorFlow.js package begins. */
export const packageScope = "@tensorflow/";

/** In UTF-16 code units. Longer files are generated or bundled code, which nobody inspects. */
export const longestText = 1_000_000;

/** Whether a text may train: any way of taking something from TensorFlow.js spells the package's name. */
export function isInScope(text: string): boolean {
  return text.length <= longestText && text.includes(packageScope);
}
