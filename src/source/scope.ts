/** Which texts are read at all: a look that is cheap enough for a thread that must not wait. */
import type { SourceLanguage } from "./grammar.ts";

/** How the name of every TensorFlow.js package begins. */
export const packageScope = "@tensorflow/";

/** Python packages that train with PyTorch, their loops being their own or the script's. */
export const trainingPackages: readonly string[] = [
  "torch",
  "lightning",
  "pytorch_lightning",
  "transformers",
  "accelerate",
];

/** In UTF-16 code units. Longer files are generated or bundled code, which nobody inspects. */
export const longestText = 1_000_000;

/** Whether a text may train: any way of taking something from a package spells its name. */
export function isInScope(text: string, language: SourceLanguage): boolean {
  const names = language === "python" ? trainingPackages : [packageScope];
  return text.length <= longestText && names.some((name) => text.includes(name));
}
