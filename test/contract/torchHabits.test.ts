import { describe, expect, test } from "vitest";
import { recordsOf, series, type Outcome, type ProbedOutcome } from "./probeRun.ts";
import { python, runBarePython, runProbedPython, torchFixture } from "./torchRun.ts";

/** Newer Pythons tell the process's own number when a process with threads is forked. */
function withoutIds({ errors, ...rest }: Outcome): Outcome {
  return { ...rest, errors: errors.replace(/\(pid=\d+\)/, "(pid)") };
}

async function compared(name: string, args: readonly string[], budget: number, input = ""): Promise<ProbedOutcome> {
  const script = torchFixture(name);
  const [bare, { records, ...outcome }] = await Promise.all([
    runBarePython(script, args, input),
    runProbedPython(script, args, budget, {}, input),
  ]);
  expect(withoutIds(outcome)).toEqual(withoutIds(bare));
  return { ...outcome, records };
}

const notesOf = ({ records }: ProbedOutcome) => recordsOf(records, "note").map(({ code }) => code);

describe.skipIf(python === undefined)("PyTorch as people use it", () => {
  test("hooks, retained gradients, checkpoints, failed and repeated passes, copies: nothing moves, and no loss is another's", async () => {
    const outcome = await compared("habits.py", [], 1);
    const printed = [...outcome.output.matchAll(/^phase (\d+) (.*) (\S+)$/gm)].map(
      ([, step, name, loss]) => [Number(step), name, Number(loss)] as const,
    );
    const losses = new Map(series(outcome.records, "loss/train"));
    for (const [step, name, loss] of printed) {
      // Weighted by the script, or with gradients that nobody has computed from a loss.
      if (name === "weighted" || name === "second") expect(losses.has(step)).toBe(false);
      // The sum of both passes is stepped on; the script prints one in single precision.
      else if (name === "backward twice") expect(losses.get(step)).toBeCloseTo(2 * loss, 5);
      // Summed by the probe in double, by the script in single precision.
      else expect(losses.get(step)).toBeCloseTo(loss, 6);
    }
    const unmeasured = printed.map(([step]) => step).filter((step) => !hasSharpness(outcome, step));
    const names = printed.filter(([step]) => unmeasured.includes(step)).map(([, name]) => name);
    expect(names).toEqual([
      "weighted",
      "noise",
      "second",
      "failed backward",
      "written over",
      "weights moved in between",
    ]);
    expect(notesOf(outcome)).not.toContain("probe-failed");
  });

  test("a model in DataParallel is measured as it is by itself, on the batch of all of its copies", async () => {
    const [bare, parallel] = await Promise.all(
      ["bare", "parallel"].map((way) => compared("data_parallel.py", [way], 1)),
    );
    for (const name of ["loss/train", "batch/size", "sharpness/batch", "hessian/trace"]) {
      const [wanted, found] = [bare, parallel].map((each) => series(each?.records ?? [], name));
      expect(wanted?.length, name).toBe(4);
      expect(found, name).toEqual(wanted);
    }
    expect(parallel && notesOf(parallel)).toEqual(bare && notesOf(bare));
  });

  test("steps that are taken in evaluation mode are noted, with what is left out of training, and parts that are frozen in training are not", async () => {
    const noted = async (mode: string) => {
      const { records } = await compared("evaluated.py", [mode], 1);
      const texts = recordsOf(records, "note").flatMap(({ code, text }) => (code === "evaluation-mode" ? [text] : []));
      return texts.map((text) => /evaluation mode: (.*?)\./.exec(text)?.[1]);
    };
    const [evaluated, between, frozen] = await Promise.all(["evaluated", "between", "frozen"].map(noted));
    expect(evaluated).toEqual([
      "dropout is off and batch normalization goes by its running averages, which stay as they are",
    ]);
    expect(between).toEqual([]);
    expect(frozen).toEqual([]);
  });

  test("what scripts do with themselves, with children and threads goes as without, and children are not recorded", async () => {
    const outcome = await compared("itself.py", ["all"], 0.05, "an answer\nanother line\n");
    expect(recordsOf(outcome.records, "step")).toHaveLength(8);
    expect(recordsOf(outcome.records, "end")).toHaveLength(1);
  });

  test("what a script says of its own frames, caught errors and stacks and warnings, names none of ours", async () => {
    const { errors, records } = await compared("traces.py", [], 1);
    // The script did print what it was written for.
    expect(errors).toContain('traces.py", line');
    expect(errors).toContain("Implicit dimension choice");
    expect(errors).not.toContain("orrery_probe");
    expect(recordsOf(records, "end")).toEqual([
      expect.objectContaining({ how: "failed", error: expect.not.stringContaining("orrery_probe") as string }),
    ]);
  });

  test("an optimizer that wraps another makes one step, of a rule that is not known", async () => {
    const { records } = await compared("kinds.py", ["wrapped"], 0);
    expect(recordsOf(records, "step")).toHaveLength(4);
    expect(recordsOf(records, "optimizer").map(({ kind }) => kind)).toEqual(["other"]);
  });

  test("of two optimizers each has its own loss, whose passes precede both steps", async () => {
    const { records, output } = await compared("kinds.py", ["two"], 0);
    const printed = output.split("\n").slice(0, 8).map(Number);
    const seen = recordsOf(records, "step").map(
      ({ values }) => values["loss/train"] ?? values["loss/train@optimizer-2"],
    );
    expect(seen).toEqual(printed);
  });

  test("curvature over complex weights is refused, and their gradient's norm counts both parts", async () => {
    const outcome = await compared("kinds.py", ["complex"], 1);
    expect(notesOf(outcome)).toContain("weights-complex");
    expect(series(outcome.records, "sharpness/batch")).toEqual([]);
    const norms = series(outcome.records, "gradient/norm").map(([, norm]) => norm);
    const updates = series(outcome.records, "update/norm").map(([, norm]) => norm);
    // The learning rate is 0.1; weights near 1 are rounded to 6e-8.
    for (const [index, norm] of norms.entries()) expect(updates[index]).toBeCloseTo(0.1 * norm, 5);
  });

  test("weights changed by hand are said not to be seen, with what to do", async () => {
    const outcome = await compared("kinds.py", ["hand"], 1);
    const notes = recordsOf(outcome.records, "note").map(({ code, text }) => `${code}: ${text}`);
    expect(notes).toEqual([expect.stringMatching(/^no-training: .*torch\.optim\.SGD/)]);
  });
});

function hasSharpness({ records }: ProbedOutcome, step: number): boolean {
  return series(records, "sharpness/batch").some(([at]) => at === step);
}
