/** What the almanac runs: for each law a script on which it should hold, and one on which it should be out of regime. */

/** A script of `examples/laws`, run once or, for laws about several runs, once with each list of arguments. */
export interface Setting {
  readonly script: string;
  /** Arguments of each run, oldest first; the law is looked at in the last. */
  readonly runs?: readonly (readonly string[])[];
  /** Share of the time that measuring may cost; 30 % by default. */
  readonly budget?: string;
  /** Whether the script runs by itself, and what it prints is imported as the log of a training that was not inspected. */
  readonly log?: boolean;
}

export interface AlmanacEntry {
  /** The law's id. */
  readonly law: string;
  /** Whether it is quick enough to be among the tests. */
  readonly quick: boolean;
  /** Or why there is none. */
  readonly holds: Setting | string;
  readonly outside: Setting;
}

/** Runs of every width and length, the longest of the widest last. */
function grid(inputs: readonly string[], steps: readonly string[]): readonly (readonly string[])[] {
  return steps.flatMap((length) => inputs.map((count) => ["--inputs", count, "--steps", length]));
}

/** Two sweeps over the rate, the second one with its best rate last. */
function richSweeps(...more: readonly string[]): readonly (readonly string[])[] {
  const sweep = (gamma: string, rates: readonly string[]) =>
    rates.map((rate) => ["--gamma", gamma, "--rate", rate, ...more]);
  return [...sweep("16", ["0.64", "1.28", "2.56", "5.12"]), ...sweep("64", ["5.12", "20.48", "10.24"])];
}

export const entries: readonly AlmanacEntry[] = [
  {
    law: "edge-of-stability",
    quick: false,
    holds: { script: "edgeOfStability.mjs" },
    outside: { script: "edgeOfStability.mjs", runs: [["--decay"]] },
  },
  {
    law: "time-to-edge",
    quick: false,
    holds: { script: "edgeOfStability.mjs" },
    outside: { script: "edgeOfStability.mjs", runs: [["--decay"]] },
  },
  {
    law: "central-flow",
    quick: false,
    holds: { script: "at_the_edge.py", budget: "90%" },
    outside: { script: "at_the_edge.py", runs: [["--momentum", "0.5", "--steps", "300"]], budget: "90%" },
  },
  {
    law: "stochastic-edge",
    quick: false,
    holds: {
      script: "at_the_edge.py",
      runs: [["--batch", "5", "--rate", "0.25", "--steps", "1350", "--wait", "0.06"]],
      budget: "90%",
    },
    outside: {
      script: "at_the_edge.py",
      runs: [["--batch", "5", "--momentum", "0.5", "--steps", "300"]],
      budget: "90%",
    },
  },
  {
    law: "step-zero-loss",
    quick: true,
    holds: { script: "stepZeroLoss.mjs" },
    outside: { script: "stepZeroLoss.mjs", runs: [["--scale", "8"]] },
  },
  {
    law: "balancedness",
    quick: true,
    holds: { script: "balancedness.mjs", budget: "90%" },
    outside: { script: "balancedness.mjs", runs: [["--momentum", "0.9"]] },
  },
  {
    law: "catapult",
    quick: true,
    holds: { script: "catapult.mjs", budget: "60%" },
    outside: { script: "catapult.mjs", runs: [["--momentum", "0.5"]] },
  },
  {
    law: "deep-linear-modes",
    quick: false,
    holds: { script: "deepLinear.mjs", budget: "60%" },
    outside: { script: "deepLinear.mjs", runs: [["--momentum", "0.9"]], budget: "60%" },
  },
  {
    law: "plateau-escape",
    quick: false,
    holds: { script: "plateau.mjs", budget: "90%" },
    outside: { script: "plateau.mjs", runs: [["--batch", "16"]] },
  },
  {
    law: "flattest-solution",
    quick: false,
    holds: { script: "deepLinear.mjs", budget: "60%" },
    outside: { script: "deepLinear.mjs", runs: [["--decay", "0.01"]], budget: "60%" },
  },
  {
    law: "learning-coefficient",
    quick: false,
    // A sample at rest is dear, and tried anew after four times the steps: at 100 % the first one comes as soon as it can.
    holds: { script: "redundantWeights.mjs", budget: "100%" },
    outside: { script: "redundantWeights.mjs", runs: [["--penalty", "0.01"]] },
  },
  {
    law: "lazy-dynamics",
    quick: false,
    holds: { script: "lazy.mjs", budget: "90%" },
    outside: { script: "lazy.mjs", runs: [["--width", "16"]], budget: "90%" },
  },
  {
    law: "lazy-or-rich",
    quick: false,
    // The kernel is dear, and has to be measured early: at 100 % it is at every step.
    holds: { script: "lazy.mjs", runs: [["--width", "64", "--rate", "0.8", "--steps", "70"]], budget: "100%" },
    outside: {
      script: "lazy.mjs",
      runs: [["--width", "64", "--rate", "0.4", "--momentum", "0.5", "--steps", "12"]],
      budget: "100%",
    },
  },
  {
    law: "first-learning-rate",
    quick: true,
    holds: { script: "firstLearningRate.mjs" },
    outside: { script: "firstLearningRate.mjs", runs: [["--adam"]] },
  },
  {
    law: "scale-symmetry",
    quick: false,
    holds: { script: "scaleSymmetry.mjs", budget: "90%" },
    outside: { script: "scaleSymmetry.mjs", runs: [["--momentum", "0.9"]] },
  },
  {
    law: "neural-collapse",
    quick: false,
    holds: { script: "neuralCollapse.mjs", budget: "90%" },
    outside: { script: "neuralCollapse.mjs", runs: [["--noise"]] },
  },
  {
    law: "random-matrix-spectrum",
    quick: true,
    // At 100 % all is measured at every step, however quick or slow the machine is.
    holds: { script: "freshWeights.mjs", runs: [["--steps", "4"]], budget: "100%" },
    outside: { script: "freshWeights.mjs", runs: [["--orthogonal", "--steps", "4"]], budget: "100%" },
  },
  {
    law: "dead-units",
    quick: true,
    // At 100 % all is measured at every step, however slow the machine is.
    holds: { script: "deadUnits.mjs", runs: [["--steps", "20"]], budget: "100%" },
    outside: { script: "deadUnits.mjs", runs: [["--momentum", "0.9", "--steps", "20"]], budget: "100%" },
  },
  {
    law: "signal-propagation",
    quick: false,
    holds: { script: "signalPropagation.mjs" },
    outside: { script: "signalPropagation.mjs", runs: [["--normalize"]] },
  },
  {
    law: "learning-rate-drop",
    quick: false,
    holds: { script: "learningRateDrop.mjs" },
    outside: { script: "learningRateDrop.mjs", runs: [["--adam"]] },
  },
  {
    law: "batch-transfer",
    quick: false,
    holds: {
      script: "batchTransfer.mjs",
      runs: [
        ["--batch", "8", "--rate", "0.02"],
        ["--batch", "16", "--rate", "0.04"],
      ],
    },
    outside: {
      script: "batchTransfer.mjs",
      runs: [
        ["--batch", "8", "--rate", "0.02"],
        ["--batch", "16", "--rate", "0.02"],
      ],
    },
  },
  {
    law: "low-rank-updates",
    quick: false,
    holds: { script: "classes.mjs", budget: "90%" },
    outside: { script: "classes.mjs", runs: [["--width", "24"]] },
  },
  {
    law: "features-at-convergence",
    quick: false,
    holds: { script: "featuresAtConvergence.mjs", budget: "90%" },
    outside: { script: "featuresAtConvergence.mjs", runs: [["--batch", "8"]] },
  },
  {
    law: "schedule-law",
    quick: false,
    holds: {
      script: "scheduleLaw.mjs",
      runs: ["drop", "decay", "cosine"].map((shape) => ["--shape", shape]),
      budget: "5%",
    },
    outside: { script: "scheduleLaw.mjs", runs: [["--shape", "cosine", "--steps", "300"]], budget: "5%" },
  },
  {
    law: "final-loss",
    quick: false,
    holds: { script: "slowFall.mjs", log: true },
    outside: { script: "slowFall.mjs", runs: [["--rising"]], log: true },
  },
  {
    law: "weight-equilibrium",
    quick: false,
    holds: { script: "weight_equilibrium.py", budget: "90%" },
    outside: { script: "weight_equilibrium.py", runs: [["--decay", "0"]] },
  },
  {
    law: "hessian-outliers",
    quick: false,
    holds: {
      script: "classes.mjs",
      runs: [["--width", "24", "--rate", "0.5", "--steps", "28"]],
      budget: "100%",
    },
    outside: {
      script: "classes.mjs",
      runs: [["--width", "24", "--steps", "6", "--batch", "20"]],
      budget: "100%",
    },
  },
  {
    law: "step-size",
    quick: false,
    holds: {
      script: "stepSize.mjs",
      runs: [
        ["--rate", "0.06"],
        ["--rate", "0.03"],
        ["--rate", "0.015"],
      ],
    },
    outside: {
      script: "stepSize.mjs",
      runs: [
        ["--rate", "0.06"],
        ["--rate", "0.03"],
        ["--momentum", "0.9"],
      ],
    },
  },
  {
    law: "richness",
    quick: false,
    holds: { script: "richness.mjs", runs: ["4", "12"].map((scale) => ["--scale", scale]) },
    outside: { script: "richness.mjs", runs: ["4", "0.4"].map((scale) => ["--scale", scale]) },
  },
  {
    law: "rich-rate",
    quick: false,
    holds: { script: "richRates.mjs", runs: richSweeps() },
    outside: { script: "richRates.mjs", runs: richSweeps("--activation", "tanh") },
  },
  {
    law: "power-lines",
    quick: false,
    holds: "it is about models of 100 million weights and more, of which one alone takes days here",
    outside: {
      script: "decay_sweeps.py",
      runs: [
        ...["0.01", "0.1", "1"].map((decay) => ["--decay", decay]),
        ...["0.01", "0.1"].map((decay) => ["--decay", decay, "--steps", "900"]),
      ],
    },
  },
  {
    law: "width-transfer",
    quick: false,
    holds: { script: "widths.mjs", runs: ["64", "256"].map((width) => ["--width", width]) },
    outside: {
      script: "widths.mjs",
      runs: [
        ["--width", "64"],
        ["--width", "256", "--standard"],
      ],
    },
  },
  {
    law: "width-convergence",
    quick: false,
    holds: { script: "widths.mjs", runs: ["64", "128", "256"].map((width) => ["--width", width]) },
    outside: {
      script: "widths.mjs",
      runs: [
        ["--width", "64"],
        ["--width", "128"],
        ["--width", "256", "--standard"],
      ],
    },
  },
  {
    law: "depth-transfer",
    quick: false,
    holds: { script: "depths.mjs", runs: ["4", "12"].map((depth) => ["--depth", depth]) },
    outside: {
      script: "depths.mjs",
      runs: [
        ["--depth", "4"],
        ["--depth", "12", "--undivided"],
      ],
    },
  },
  {
    law: "stream-growth",
    quick: false,
    holds: { script: "depths.mjs", runs: ["4", "8", "16"].map((depth) => ["--depth", depth]) },
    outside: { script: "depths.mjs", runs: ["4", "8"].map((depth) => ["--depth", depth]) },
  },
  {
    law: "representation-agreement",
    quick: false,
    holds: { script: "representations.mjs", runs: ["1", "2", "3"].map((seed) => ["--seed", seed]), budget: "90%" },
    outside: { script: "representations.mjs", runs: ["1", "2", "2"].map((seed) => ["--seed", seed]), budget: "90%" },
  },
  {
    law: "linear-connectivity",
    quick: false,
    holds: {
      script: "forks.mjs",
      runs: [[], ["--after", "200", "--order", "1"], ["--after", "600", "--order", "2"]],
      budget: "90%",
    },
    outside: {
      script: "forks.mjs",
      runs: [[], ["--after", "200", "--order", "1"], ["--after", "600", "--order", "2"]].map((run) => [
        ...run,
        ...["--loss", "square"],
      ]),
      budget: "90%",
    },
  },
  {
    law: "information-exponent",
    quick: false,
    holds: { script: "search.mjs", runs: ["24", "192", "96"].map((inputs) => ["--inputs", inputs]) },
    outside: {
      script: "search.mjs",
      runs: [
        ["--inputs", "24"],
        ["--inputs", "192"],
        ["--inputs", "96", "--repeat"],
      ],
    },
  },
  {
    law: "kernel-regression",
    quick: false,
    holds: { script: "unseenExamples.mjs", budget: "90%" },
    outside: { script: "unseenExamples.mjs", runs: [["--shift", "--steps", "800"]], budget: "60%" },
  },
  {
    law: "early-stopping",
    quick: false,
    holds: { script: "unseenExamples.mjs", budget: "90%" },
    outside: { script: "unseenExamples.mjs", runs: [["--shift", "--steps", "800"]], budget: "60%" },
  },
  {
    law: "grokking-delay",
    quick: false,
    holds: { script: "lateGeneralization.mjs", runs: [[], ["--penalty", "0.01"]] },
    outside: { script: "lateGeneralization.mjs", runs: [[], ["--scale", "2", "--steps", "300"]] },
  },
  {
    law: "noise-scale",
    quick: false,
    holds: {
      script: "noiseScale.mjs",
      runs: [[], ["--batch", "32", "--rate", "0.00025", "--epochs", "40"]],
      budget: "90%",
    },
    outside: { script: "noiseScale.mjs", runs: [["--adam", "--rate", "0.001", "--epochs", "8"]], budget: "90%" },
  },
  {
    law: "scaling-exponent",
    quick: false,
    holds: { script: "powerLaw.mjs", budget: "60%" },
    outside: { script: "powerLaw.mjs", runs: [["--flat", "--steps", "1500"]], budget: "60%" },
  },
  {
    law: "scaling-law",
    quick: false,
    holds: { script: "scalingLaw.mjs", runs: grid(["6", "14", "32"], ["100", "250", "600"]), budget: "5%" },
    outside: {
      script: "scalingLaw.mjs",
      runs: [["--steps", "45", "--constant"], ...grid(["6", "14", "32"], ["40", "50", "60"])],
      budget: "5%",
    },
  },
];

/** The entries of some laws, or all where none is named. Ends the process where a name is none of them. */
export function chosenEntries(named: readonly string[]): readonly AlmanacEntry[] {
  const unknown = named.filter((name) => !entries.some(({ law }) => law === name));
  if (unknown.length > 0) {
    console.error(
      `The almanac knows no law "${unknown.join('", "')}". There are: ${entries.map(({ law }) => law).join(", ")}.`,
    );
    process.exit(2);
  }
  return entries.filter(({ law }) => named.length === 0 || named.includes(law));
}
