import { fingerprintOf, mostKeptBytes, type KeptWeights, type WeightsFolder } from "../keptWeights.ts";
import type { ProbeSet } from "../probeSet.ts";
import type { InitialWeights } from "./initialWeights.ts";
import { type Observable, Unmeasurable } from "./observable.ts";
import { sampleOf } from "./probeLoss.ts";
import { restedAt } from "./rest.ts";

/** Runs that this one is compared with, the newest ones. */
const mostOthers = 3;

/** Steps of this run over those of the other's weights up to which the two are compared. */
const longest = 1.25;

/** The line between the two weights is looked at in so many places between its ends. */
const places = 7;

/** Steps until the next measurement, at least, and as a part of those done. */
const rest = { steps: 8, part: 0.1 };

/**
 * How runs that began at the same weights lie to each other. Each keeps its weights on disk (`WeightsFolder`) whenever a tenth more steps are done. With an earlier
 * run's weights w′ of as many steps or up to a quarter fewer, the newest of these,
 *
 *   `connectivity/barrier@run`  =  max over a ∈ [0, 1] of L(a·w + (1 − a)·w′)  −  (L(w) + L(w′))/2
 *
 * (Frankle et al. 2020, §2; nine values of a), L being the mean of the loss over the probe set, in its unit. Without a barrier it is half of what the two losses
 * differ by, or less than rounding where they do not. Batch normalization has each batch's own statistics everywhere on the line.
 */
export function connectivity(folder: WeightsFolder, initial: InitialWeights, probe: ProbeSet): Observable {
  let restsUntil = 0;
  let fingerprint: string | undefined;
  let others: readonly KeptWeights[] | undefined;
  return {
    name: "connectivity",
    price: 0.6,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    get restsUntil() {
      return restsUntil;
    },
    measure(given) {
      const { trace, engine, step } = given;
      if (trace === undefined) return undefined;
      const first = initial.of(given, trace);
      requireRoom(first);
      probe.look(given, trace);
      if (!probe.isComplete) return undefined;
      restsUntil = restedAt(step, rest);
      fingerprint ??= fingerprintOf(first);
      const weights = trace.weights();
      keep(folder, weights, step, fingerprint);
      others ??= folder.alike(fingerprint).slice(0, mostOthers);
      const values: Record<string, number> = {};
      for (const other of others) {
        const at = other.steps.findLast((each) => each <= step) ?? NaN;
        const there = step <= longest * at ? folder.read(other, at) : undefined;
        if (there?.length !== weights.length) continue;
        values[`connectivity/barrier@${other.run}`] = barrierBetween(weights, there, (between) =>
          probe.loss(engine, between),
        );
      }
      if (Object.keys(values).length === 0) return undefined;
      return {
        values,
        ...sampleOf(probe),
        method: `loss in ${places + 2} places on the line between the weights, ${probe.describe("all")}`,
      };
    },
  };
}

function requireRoom(weights: Float32Array): void {
  if (weights.byteLength <= mostKeptBytes) return;
  const megabytes = (bytes: number) => (bytes / 1024 ** 2).toFixed(0);
  throw new Unmeasurable(
    "weights-size",
    `The weights are not kept for later runs to be compared with: they take ${megabytes(weights.byteLength)} MiB, and at most ${megabytes(mostKeptBytes)} are kept.`,
    "information",
  );
}

function keep(folder: WeightsFolder, weights: Float32Array, step: number, first: string): void {
  try {
    folder.write(weights, step, first);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Unmeasurable(
      "weights-not-kept",
      `The weights are not kept for later runs to be compared with: they could not be written to the run's folder (${reason}).`,
    );
  }
}

function barrierBetween(one: Float32Array, other: Float32Array, lossAt: (weights: Float32Array) => number): number {
  const losses = Array.from({ length: places + 2 }, (_, index) => {
    const share = index / (places + 1);
    return lossAt(one.map((weight, at) => (1 - share) * weight + share * (other[at] ?? NaN)));
  });
  return Math.max(...losses) - ((losses[0] ?? NaN) + (losses.at(-1) ?? NaN)) / 2;
}
