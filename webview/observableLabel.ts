const labels: Readonly<Record<string, string>> = {
  "loss/train": "Training loss",
  "loss/validation": "Validation loss",
  "sharpness/batch": "Sharpness",
  "sharpness/preconditioned": "Preconditioned sharpness",
  "optimizer/learningRate": "Learning rate",
  "gradient/norm": "Gradient norm",
  "update/norm": "Update norm",
  "batch/size": "Batch size",
  "step/seconds": "Seconds a step",
};

/** An observable in words where there are some, else its own name. */
export function observableLabel(observable: string): string {
  return labels[observable] ?? observable;
}

/** Observables of one key share a chart: all losses do, everything else has a scale of its own. */
export function chartKey(observable: string): string {
  return observable.startsWith("loss/") ? "loss" : observable;
}

export function chartTitle(key: string): string {
  return key === "loss" ? "Loss" : observableLabel(key);
}

const first = ["loss", "sharpness/batch", "sharpness/preconditioned"];

/** Loss, then sharpness, then whatever was chosen, by name. */
export function byImportance(one: string, other: string): number {
  const [oneRank, otherRank] = [one, other].map((key) => (first.indexOf(key) + first.length + 1) % (first.length + 1));
  return (oneRank ?? 0) - (otherRank ?? 0) || one.localeCompare(other);
}
