/** Processes that train together, each started as `torchrun` starts it: by `RANK` and `WORLD_SIZE` in its environment. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { readRecords, recordsOf, root, run, series } from "./probeRun.ts";
import { oneThread, python, torchFixture } from "./torchRun.ts";

const ranks = [0, 1] as const;
const script = torchFixture("distributed.py");

/** What each process printed, which ends with the names of the probe's variables in its environment. */
async function trained(folder: string, start: readonly string[], environment: NodeJS.ProcessEnv) {
  mkdirSync(folder);
  const outcomes = await Promise.all(
    ranks.map((rank) =>
      run(python ?? "", [...start, script, folder], {
        ...environment,
        RANK: String(rank),
        WORLD_SIZE: String(ranks.length),
        ...oneThread,
      }),
    ),
  );
  return outcomes.map((outcome, rank) => {
    // What newer versions tell of the connection they have made.
    const errors = outcome.errors.replaceAll(/^.*\bgloo\b.* INFO .*\n/gm, "");
    expect({ ...outcome, errors }).toEqual({ exitCode: 0, errors: "", output: "" });
    return readFileSync(path.join(folder, `rank${rank}`), "utf8");
  });
}

test.skipIf(python === undefined)(
  "of two PyTorch processes under DistributedDataParallel one records, both train bit for bit as without, and the curvature is of the batches of both",
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-distributed-"));
    try {
      const bare = await trained(path.join(folder, "bare"), [], {});
      const out = path.join(folder, "run");
      const probed = await trained(path.join(folder, "probed"), ["-m", "orrery_probe", "--out", out, "--budget", "1"], {
        PYTHONPATH: path.join(root, "src", "probe", "torch"),
        PYTHONDONTWRITEBYTECODE: "1",
        ORRERY_DEVICES: "cpu",
      });
      expect(probed).toEqual(bare);
      const records = readRecords(out);
      expect(recordsOf(records, "end")).toMatchObject([{ how: "finished" }]);
      // The first process's 24 of 48 examples, in batches of 8, three times.
      expect(series(records, "loss/train")).toHaveLength(9);
      expect(series(records, "gradient/norm")).toHaveLength(9);
      expect(recordsOf(records, "data")).toMatchObject([{ examples: 48, batch: 8, processes: 2, fullBatch: false }]);
      expect(recordsOf(records, "note").map(({ code }) => code)).toEqual(["one-of-several-processes"]);
      // The first step that they can agree on, and each second one from then on; each process has its own masks of dropout.
      for (const name of ["sharpness/batch", "gradient/cosine", "gradient/noise"])
        expect(series(records, name).map(([step]) => step)).toEqual([3, 5, 7]);
      for (const [, cosine] of series(records, "gradient/cosine")) expect(cosine).toBeGreaterThan(1 - 1e-6);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
