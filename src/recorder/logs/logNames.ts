/** What logs call things: columns, keys, tags and words before a number. */

type Role =
  | "step"
  | "epoch"
  | "time"
  | "loss/train"
  | "loss/validation"
  | "optimizer/learningRate"
  | "gradient/norm"
  | "batch/size";

/** Names as `plain` gives them. */
export const namesOf: Readonly<Record<Role, readonly string[]>> = {
  // Those that count optimizer steps for certain come first: where a row has several, the first of them is its step.
  step: [
    "trainer global step",
    "train global step",
    "global step",
    "num updates",
    "train step",
    "training step",
    "step",
    "steps",
    "s",
    "it",
    "iter",
    "iters",
    "iteration",
    "iterations",
    "update",
    "updates",
  ],
  epoch: ["epoch", "epochs"],
  time: ["train time", "wall time", "elapsed", "elapsed time", "relative time", "runtime", "timestamp"],
  "loss/train": [
    "loss",
    "train loss",
    "training loss",
    "loss train",
    "loss training",
    "train loss step",
    "trl",
    "lm loss",
    "epoch loss",
  ],
  "loss/validation": [
    "val loss",
    "valid loss",
    "validation loss",
    "loss val",
    "loss valid",
    "loss validation",
    "eval loss",
    "evaluation loss",
    "loss eval",
    "test loss",
    "testing loss",
    "loss test",
    "dev loss",
    "tel",
  ],
  "optimizer/learningRate": ["lr", "learning rate", "train lr", "train learning rate"],
  "gradient/norm": ["grad norm", "gradient norm", "global grad norm", "train grad norm", "gnorm", "norm"],
  "batch/size": ["batch size", "global batch size", "train batch size"],
};

const roles = new Map<string, Role>(
  (Object.keys(namesOf) as Role[]).flatMap((role) => namesOf[role].map((name) => [name, role] as const)),
);

/** `trainLoss`, `train/loss` and `train_loss` are `train loss`. */
function plain(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[^a-z\d]+/g, " ")
    .trim();
}

/** What a name stands for; undefined for one that is not known here. */
export function roleOf(name: string): Role | undefined {
  return roles.get(plain(name));
}

/** Where among the names of its role a name stands. */
export function rankOf(name: string): number {
  const role = roleOf(name);
  return role === undefined ? Infinity : namesOf[role].indexOf(plain(name));
}

/** The observable of a name that is neither a step, an epoch nor a time: one of ours, else the name itself in the family `log`. */
export function observableOf(name: string): string {
  const role = roleOf(name);
  if (role !== undefined && role !== "step" && role !== "epoch" && role !== "time") return role;
  return `log/${name.trim().replace(/[^\w.-]+/g, ".")}`;
}
