/** Made-up runs that look like real ones: gradient descent that reaches the edge of stability, and what can go wrong. */
import type { EventRow, LawStanding, LedgerRow } from "../../src/run/runRows.ts";
import type { Points, Recording } from "./replayedRun.ts";

const learningRate = 0.05;
/** 2/η, the stability threshold of gradient descent. */
const edge = 2 / learningRate;
const crossing = 1480;
export const lastStep = 6000;

/** Repeatable noise in [−1, 1]. */
function noise(index: number): number {
  const mixed = Math.sin(index * 12.9898) * 43_758.5453;
  return 2 * (mixed - Math.floor(mixed)) - 1;
}

function points(count: number, every: number, value: (step: number) => number): Points {
  const steps = Array.from({ length: Math.floor(count / every) + 1 }, (_, index) => index * every);
  return { steps, values: steps.map(value) };
}

function lossAt(step: number): number {
  const trend = 0.9 * Math.exp(-step / 260) + 0.06 * Math.exp(-step / 2600) + 0.002;
  const unstable = Math.max(0, step - crossing);
  return trend * (1 + (unstable > 0 ? 0.25 * Math.abs(noise(step)) * Math.exp(-unstable / 3000) : 0));
}

function sharpnessAt(step: number): number {
  if (step < crossing) return 3.2 + (edge - 3.2) * (step / crossing) ** 1.6;
  const after = step - crossing;
  return edge * (1.01 + 0.14 * Math.exp(-after / 220) * Math.sin(after / 60) + 0.025 * noise(step));
}

const overview: Recording["overview"] = {
  id: "2026-11-23T19-53-07-a1b2",
  directory: "/runs/replayed",
  script: "/home/ada/project/examples/edgeOfStability.ts",
  arguments: ["--width", "24"],
  startedAt: Date.UTC(2026, 10, 23, 19, 53, 7),
  status: "running",
  error: "",
  seconds: 41.7,
  backend: "wasm",
  backendReason: "WebAssembly, because @tensorflow/tfjs-node has no native addon here and the script asks for no GPU.",
  framework: "TensorFlow.js 4.22.0",
  parameters: 673,
  optimizer: "SGD, learning rate 0.05",
};

const optimizer = {
  t: "optimizer",
  time: 0.1,
  step: 0,
  id: "optimizer-1",
  kind: "sgd",
  name: "SGD",
  groups: [{ parameters: 673, learningRate }],
  schedule: "constant",
};

function event(sequence: number, kind: string, step: number, text: string, body?: unknown): EventRow {
  const severity = kind === "note" ? "warning" : "information";
  return {
    sequence,
    kind,
    step,
    time: step / 100,
    severity,
    text,
    body: body === undefined ? "" : JSON.stringify(body),
  };
}

const events: readonly EventRow[] = [
  event(1, "begin", 0, "TensorFlow.js 4.22.0 on wasm."),
  event(2, "model", 0, "Model with 673 parameters in 3 layers.", {
    t: "model",
    source: { file: "/home/ada/project/examples/edgeOfStability.ts", line: 27, column: 15 },
  }),
  event(3, "optimizer", 0, "Optimizer SGD, learning rate 0.05.", optimizer),
  event(4, "note", 240, "Measuring was skipped at step 240: the budget of 5 % was spent."),
];

const ledger: readonly LedgerRow[] = [
  {
    lawNumber: "L18",
    lawTitle: "Edge of stability",
    forecast: {
      id: "edge-of-stability//20",
      law: "edge-of-stability",
      subject: "",
      observable: "sharpness/batch",
      statistic: "timeMean",
      issuedAt: 20,
      from: 21,
      to: Number.MAX_SAFE_INTEGER,
      low: 0.95 * edge,
      central: 1.01 * edge,
      high: 1.1 * edge,
      baselines: [{ kind: "persistence", value: 3.2 }],
      assumptions: ["Every step sees the whole data set.", "The learning rate stays at 0.05."],
      statement: "Once sharpness has crossed 2/η = 40, its time average stays within 0.95 to 1.1 of it.",
    },
    verdict: {
      forecast: "edge-of-stability//20",
      outcome: "held",
      scoredAt: lastStep - 1000,
      measured: 40.6,
      error: 0.07,
      skill: 0.98,
      reason: "The time average of sharpness over 176 measurements is 1.015 of the threshold.",
    },
  },
  {
    lawNumber: "L19",
    lawTitle: "Time to the edge",
    forecast: {
      id: "time-to-edge/gap/1/500",
      law: "time-to-edge",
      subject: "",
      observable: "sharpness/batch",
      statistic: "crossingStep",
      issuedAt: 500,
      from: 501,
      to: 2600,
      low: 1200,
      central: 1450,
      high: 1900,
      baselines: [{ kind: "straight line from the first measurement", value: 2400 }],
      assumptions: [
        "Sharpness goes on rising as it has over the last 200 steps: an extrapolation, no theory says why it rises.",
      ],
      statement: "Sharpness crosses its threshold between steps 1,200 and 1,900.",
    },
    verdict: {
      forecast: "time-to-edge/gap/1/500",
      outcome: "held",
      scoredAt: crossing,
      measured: crossing,
      error: 0.09,
      skill: 0.97,
      reason: "Crossed between the measurements at steps 1,460 and 1,480.",
    },
  },
  {
    lawNumber: "L19",
    lawTitle: "Time to the edge",
    forecast: {
      id: "time-to-edge/gap/2/900",
      law: "time-to-edge",
      subject: "gap/2",
      observable: "sharpness/batch",
      statistic: "crossingStep",
      issuedAt: 900,
      from: 901,
      to: 2600,
      low: 1320.4,
      central: 1440.2,
      high: 1620.9,
      baselines: [{ kind: "straight line from the first measurement", value: 1900 }],
      assumptions: ["The learning rate stays as it is."],
      statement: "At its present rate the sharpness reaches 2/η = 40 at about step 1440.",
    },
    verdict: {
      forecast: "time-to-edge/gap/2/900",
      outcome: "held",
      scoredAt: crossing,
      measured: crossing,
      error: 0.26,
      skill: 0.9,
      reason: "Crossed between the measurements at steps 1,460 and 1,480.",
    },
  },
  {
    lawNumber: "L03",
    lawTitle: "Balancedness",
    forecast: {
      id: "balancedness/first→second/0",
      law: "balancedness",
      subject: "first→second",
      observable: "balance/residual@first→second",
      statistic: "maximum",
      issuedAt: 0,
      from: 1,
      to: Number.MAX_SAFE_INTEGER,
      low: 0,
      central: 1e-7,
      high: 1e-5,
      baselines: [],
      assumptions: ["Plain gradient descent, without momentum or decay."],
      statement: "The balance of first→second changes by η² times its gradients' difference, to 1e−5.",
    },
    verdict: undefined,
  },
];

const standings: readonly LawStanding[] = [
  {
    law: "edge-of-stability",
    number: "L18",
    title: "Edge of stability",
    area: "empirical",
    says: "speaking",
    regime: {
      status: "inside",
      checks: [
        { condition: "every step sees the whole data set", holds: true, saw: "64 of 64 examples" },
        { condition: "the loss is not saturated", holds: "unknown", saw: "a squared error" },
      ],
    },
  },
  {
    law: "time-to-edge",
    number: "L19",
    title: "Time to the edge",
    area: "empirical",
    says: "speaking",
    regime: undefined,
  },
  {
    law: "step-zero-loss",
    number: "L09",
    title: "Loss at step 0",
    area: "solvable",
    says: "Cannot speak: needs a cross-entropy, and this loss is a mean squared error.",
    regime: undefined,
  },
  {
    law: "balancedness",
    number: "L03",
    title: "Balancedness",
    area: "solvable",
    says: "speaking",
    regime: undefined,
  },
];

/** Sharpness rises to 2/η and hovers there. */
export const edgeRun: Recording = {
  overview,
  events,
  ledger,
  standings,
  points: {
    "loss/train": points(lastStep, 1, lossAt),
    "optimizer/learningRate": points(lastStep, 1, () => learningRate),
    "sharpness/batch": points(lastStep, 20, sharpnessAt),
    "gradient/norm": points(lastStep, 1, (step) => Math.sqrt(lossAt(step)) * (1 + 0.1 * noise(step))),
    "batch/size": points(lastStep, 1, () => 64),
  },
};

export const finishedRun: Recording = { ...edgeRun, overview: { ...overview, status: "finished" } };

/** The loss is NaN at one step in the middle, and from step 3,000 on. */
export const brokenRun: Recording = {
  ...edgeRun,
  overview: { ...overview, status: "diverged", error: "The loss is NaN from step 3,000 on." },
  ledger: ledger.map((row, index) => ({
    ...row,
    verdict: row.verdict && {
      ...row.verdict,
      scoredAt: 3000,
      outcome: index === 0 ? ("out of regime" as const) : ("broken" as const),
      measured: index === 0 ? NaN : 2350,
    },
  })),
  points: {
    ...edgeRun.points,
    "loss/train": points(3200, 1, (step) => (step === 1000 || step >= 3000 ? NaN : lossAt(step))),
    "sharpness/batch": points(2980, 20, sharpnessAt),
  },
};

/** A million steps with one spike and one NaN, each of a single step. */
export const longRun: Recording = {
  ...finishedRun,
  points: {
    "loss/train": points(999_999, 1, (step) =>
      step === 400_001 ? 9 : step === 700_003 ? NaN : 0.5 + 0.4 * Math.cos(step / 90_000) + 0.02 * noise(step),
    ),
  },
};

/** Texts as a script could write them to harm whoever looks at its run. */
export const hostile = `<img src=x onerror="document.title='harmed'"> & <script>document.title='harmed'</script>`;

export const hostileRun: Recording = {
  ...edgeRun,
  overview: {
    ...overview,
    script: `/home/ada/${hostile.replaceAll("/", "")}`,
    arguments: [hostile],
    status: "failed",
    error: hostile,
    backend: hostile,
    backendReason: hostile,
    optimizer: hostile,
  },
  events: [...events, event(5, "note", 300, hostile)],
  ledger: ledger.map((row) => ({ ...row, lawTitle: hostile, forecast: { ...row.forecast, statement: hostile } })),
  standings: standings.map((standing) => ({ ...standing, title: hostile, says: hostile })),
  points: { ...edgeRun.points, [hostile]: points(lastStep, 1, lossAt) },
};

/** A script that ended without training. */
export const idleRun: Recording = {
  ...edgeRun,
  overview: { ...overview, status: "finished" },
  points: {},
  ledger: [],
  events: [],
};

/** Adam: raw sharpness has no threshold, the preconditioned one has. */
export const adaptiveRun: Recording = {
  ...finishedRun,
  overview: { ...finishedRun.overview, optimizer: "Adam, learning rate 0.05" },
  ledger: [],
  events: [
    event(1, "optimizer", 0, "Optimizer Adam, learning rate 0.05.", {
      ...optimizer,
      kind: "adam",
      name: "Adam",
      groups: [{ parameters: 673, learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }],
      schedule: "moves",
    }),
  ],
  points: {
    "loss/train": points(lastStep, 1, lossAt),
    "optimizer/learningRate": points(lastStep, 1, (step) => learningRate * (step < 3000 ? 1 : 0.5)),
    "sharpness/batch": points(lastStep, 20, (step) => 4 + step / 500),
    "sharpness/preconditioned": points(lastStep, 20, (step) => 19 * sharpnessAt(step) * (step < 3000 ? 1 : 2)),
  },
};
