import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endOfRun, pack, unpack, type ToPanel } from "../../src/editor/messages.ts";
import { coarsened } from "../../src/editor/panel/coarsened.ts";
import { PanelFeed } from "../../src/editor/panel/panelFeed.ts";
import { panelHtml } from "../../src/editor/panel/panelHtml.ts";
import { readRememberedRun, readRequest } from "../../src/editor/panel/panelRequests.ts";
import { firstDifference, partOf } from "../../src/editor/panel/seriesDifference.ts";
import { thresholdLine } from "../../src/editor/panel/thresholdLine.ts";
import type { SeriesSlice } from "../../src/run/runRows.ts";
import type { OptimizerFacts } from "../../src/theory/facts.ts";
import { joined } from "../../webview/seriesPoints.ts";
import { edgeRun } from "../webview/recordings.ts";
import { ReplayedRun } from "../webview/replayedRun.ts";

const theory = {
  laws: [],
  threshold: (_optimizer: OptimizerFacts, rate: number) => ({
    observable: "sharpness/batch",
    value: 2 / rate,
    formula: "2/η",
  }),
};
const wanted = ["loss/train", "sharpness/batch"].map((observable) => ({
  observable,
  fromStep: 0,
  toStep: endOfRun,
  buckets: 800,
}));

/** @param draws whether the page draws at once what it is told */
function feeding(run: ReplayedRun, draws = true) {
  const posted: ToPanel[] = [];
  const feed = new PanelFeed(
    run,
    theory,
    () => true,
    (message) => {
      posted.push(message);
      if (draws)
        queueMicrotask(() => {
          feed.drawn();
        });
    },
  );
  return { feed, posted };
}

/** A slice of points one step apart, of which some are no number. */
const slices = fc
  .array(fc.oneof(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.constant(NaN)), { maxLength: 300 })
  .map((values) => sliceOf(values));

function sliceOf(values: readonly number[]): SeriesSlice {
  const column = Float64Array.from(values);
  return {
    observable: "loss/train",
    level: 0,
    steps: Float64Array.from(values.keys()),
    minimum: column,
    maximum: column.slice(),
    last: column.slice(),
    count: new Float64Array(values.length).fill(1),
    notFinite: Float64Array.from(values, (value) => Number(Number.isNaN(value))),
  };
}

describe("feed", () => {
  test("a page gets one snapshot and then only what changed", async () => {
    const run = new ReplayedRun(edgeRun, 500);
    const { feed, posted } = feeding(run);
    feed.start(wanted);
    await expect.poll(() => posted.length).toBe(1);
    run.advance(520);
    await expect.poll(() => posted.length).toBe(2);
    const [snapshot, delta] = posted;
    if (snapshot?.type !== "snapshot" || delta?.type !== "delta") throw new Error("Not a snapshot and a delta.");
    expect(snapshot.snapshot.series.map((slice) => slice.steps.length)).toEqual([501, 26]);
    expect(delta.delta.tails?.map((slice) => [...slice.steps].slice(0, 2))).toEqual([[501, 502], [520]]);
    expect(delta.delta.series).toBeUndefined();
    expect(delta.delta.ledger).toBeUndefined();
    feed.dispose();
  });

  test("a hidden panel is told nothing, and nobody watches the run for it", async () => {
    const run = new ReplayedRun(edgeRun, 500);
    const { feed, posted } = feeding(run);
    feed.start(wanted);
    await expect.poll(() => posted.length).toBe(1);
    feed.pause();
    expect(run.listeners).toBe(0);
    run.advance(900);
    feed.refresh();
    feed.start(wanted);
    await expect.poll(() => posted.length).toBe(2);
    expect(posted.map((message) => message.type)).toEqual(["snapshot", "snapshot"]);
    feed.dispose();
  });

  test("a page that has not drawn yet is told nothing, and then all that is new at once", async () => {
    const run = new ReplayedRun(edgeRun, 500);
    const { feed, posted } = feeding(run, false);
    feed.start(wanted);
    await expect.poll(() => posted.length).toBe(1);
    for (const step of [510, 520, 530]) {
      run.advance(step);
      feed.want(step, wanted);
      // What the page itself asks for is answered all the same, by which time a delta would have been told too.
      await expect.poll(() => posted.at(-1)).toMatchObject({ type: "series", request: step });
    }
    run.advance(540);
    expect(posted.map(({ type }) => type)).toEqual(["snapshot", "series", "series", "series"]);
    feed.drawn();
    await expect.poll(() => posted.length).toBe(5);
    expect(posted.at(-1)).toMatchObject({ type: "delta", delta: { overview: { step: 540 } } });
    feed.dispose();
  });

  test("a verdict travels once, when it is given", async () => {
    const run = new ReplayedRun(edgeRun, 1479);
    const { feed, posted } = feeding(run);
    feed.start(wanted);
    await expect.poll(() => posted.length).toBe(1);
    run.advance(1480);
    await expect.poll(() => posted.length).toBe(2);
    run.advance(1481);
    await expect.poll(() => posted.length).toBe(3);
    const ledgers = posted.map((message) => (message.type === "delta" ? message.delta.ledger : undefined));
    expect(ledgers[1]?.map((row) => row.verdict?.outcome)).toEqual([undefined, "held", "held", undefined]);
    expect(ledgers[2]).toBeUndefined();
    feed.dispose();
  });

  test("a run that cannot be read is a failure in its own words, told once, and is tried again", async () => {
    const run = new ReplayedRun(edgeRun, 500);
    const overview = run.overview.bind(run);
    let attempts = 0;
    run.overview = () => {
      attempts++;
      return Promise.reject(new Error("run.db is no database: delete it and rebuild."));
    };
    const { feed, posted } = feeding(run);
    feed.start(wanted);
    await expect.poll(() => attempts).toBeGreaterThan(1);
    expect(posted).toEqual([{ type: "failure", text: "run.db is no database: delete it and rebuild." }]);
    run.overview = overview;
    await expect.poll(() => posted.at(-1)?.type).toBe("snapshot");
    feed.dispose();
  });

  test("a run's last change is told though reading it failed at first", async () => {
    const run = new ReplayedRun(edgeRun, 500);
    const { feed, posted } = feeding(run);
    feed.start(wanted);
    await expect.poll(() => posted.length).toBe(1);
    const ledger = run.ledger.bind(run);
    run.ledger = () => {
      run.ledger = ledger;
      return Promise.reject(new Error("database is locked"));
    };
    run.advance(520);
    await expect.poll(() => posted.map(({ type }) => type)).toEqual(["snapshot", "failure", "snapshot"]);
    const last = posted.at(-1);
    expect(last?.type === "snapshot" && last.snapshot.overview.step).toBe(520);
    feed.dispose();
  });
});

describe("series", () => {
  test("what is held and a tail make the new series", () => {
    fc.assert(
      fc.property(slices, fc.nat(300), (slice, length) => {
        const held = partOf(slice, 0, length);
        const from = firstDifference(held, slice);
        const made = from === slice.steps.length ? held : joined(held, partOf(slice, from));
        expect(made).toEqual(slice);
      }),
    );
  });

  test("joining buckets keeps extremes, counts and what is no number, and never more than asked for", () => {
    fc.assert(
      fc.property(slices, fc.integer({ min: 1, max: 64 }), (slice, limit) => {
        const coarse = coarsened(slice, limit);
        expect(coarse.steps.length).toBeLessThanOrEqual(Math.max(limit, slice.steps.length > limit ? limit : Infinity));
        const finite = (column: Float64Array) => [...column].filter(Number.isFinite);
        const total = (column: Float64Array) => column.reduce((one, other) => one + other, 0);
        expect(Math.min(...finite(coarse.minimum))).toBe(Math.min(...finite(slice.minimum)));
        expect(Math.max(...finite(coarse.maximum))).toBe(Math.max(...finite(slice.maximum)));
        expect(total(coarse.count)).toBe(total(slice.count));
        expect(total(coarse.notFinite)).toBe(total(slice.notFinite));
      }),
    );
  });

  test("buckets that are there do not move when a run grows, unless they must become wider", () => {
    const values = Array.from({ length: 1500 }, (_, index) => Math.sin(index));
    const [shorter, longer] = [coarsened(sliceOf(values.slice(0, 1400)), 800), coarsened(sliceOf(values), 800)];
    expect(longer.level).toBe(shorter.level);
    expect(firstDifference(shorter, longer)).toBeGreaterThanOrEqual(shorter.steps.length - 1);
  });
});

describe("threshold", () => {
  const sgd: OptimizerFacts = {
    id: "one",
    kind: "sgd",
    name: "SGD",
    groups: [{ parameters: 10, learningRate: 0.1 }],
    schedule: "constant",
  };
  const rates = (values: readonly number[]) => ({ ...sliceOf(values), observable: "optimizer/learningRate" });

  test("a constant learning rate makes a line of two points", () => {
    const line = thresholdLine([sgd], rates([0.1, 0.1, 0.1, 0.1]), theory.threshold)?.line;
    expect([...(line?.steps ?? [])]).toEqual([0, 3]);
    expect([...(line?.last ?? [])]).toEqual([20, 20]);
  });

  test("a learning rate that moves moves the threshold with it", () => {
    const line = thresholdLine([sgd], rates([0.1, 0.1, 0.05, 0.05, 0.04]), theory.threshold)?.line;
    expect([...(line?.steps ?? [])]).toEqual([0, 1, 2, 3, 4]);
    expect([...(line?.last ?? [])]).toEqual([20, 20, 40, 40, 50]);
  });

  test("there is none where it is not known which one applies", () => {
    const momentum: OptimizerFacts = { ...sgd, groups: [{ parameters: 10, learningRate: 0.1, momentum: 0.9 }] };
    const two: OptimizerFacts = { ...sgd, groups: [...sgd.groups, { parameters: 5, learningRate: 0.01 }] };
    const rate = rates([0.1]);
    expect(thresholdLine([], rate, theory.threshold)).toBeUndefined();
    expect(thresholdLine([sgd, { ...sgd, id: "two" }], rate, theory.threshold)).toBeUndefined();
    expect(thresholdLine([sgd, momentum], rate, theory.threshold)).toBeUndefined();
    expect(thresholdLine([two], rate, theory.threshold)).toBeUndefined();
    expect(thresholdLine([sgd, { ...sgd, schedule: "moves" }], rate, theory.threshold)).toBeDefined();
  });
});

describe("messages", () => {
  test("NaN and the infinities survive the way, which is JSON", () => {
    const value = { a: NaN, b: [Infinity, -Infinity, 1], c: { d: "NaN", e: null, f: true } };
    expect(unpack(JSON.parse(JSON.stringify(pack(value))))).toEqual(value);
  });

  test("an array is copied, so that its backing buffer stays behind", () => {
    const whole = new Float64Array(1000);
    const packed = pack({ column: whole.subarray(10, 12) }) as { column: Float64Array };
    expect(packed.column.buffer.byteLength).toBe(16);
  });

  test("a page can ask for nothing but what pages ask for", () => {
    expect(readRequest({ type: "control", do: "stop" })).toEqual({ type: "control", do: "stop" });
    expect(readRequest({ type: "control", do: "budget" })).toBeUndefined();
    expect(readRequest({ type: "openExternal", url: "https://arxiv.org/abs/2103.00065" })).toBeDefined();
    expect(readRequest({ type: "openExternal", url: "https://arxiv.org.evil.test/" })).toBeUndefined();
    expect(readRequest({ type: "openExternal", url: "file:///etc/passwd" })).toBeUndefined();
    expect(readRequest(null)).toBeUndefined();
    expect(readRememberedRun({ version: 1, run: "/runs/a" })).toBe("/runs/a");
    expect(readRememberedRun({ version: 2, run: "/runs/a" })).toBeUndefined();
  });

  test("the page loads only its own files, and a path cannot break out of it", () => {
    const run = `/runs/"><script>alert(1)</script>`;
    const html = panelHtml({ nonce: "abc", source: "https://own.test", script: "s.js", style: "s.css", run });
    expect(html).toContain("default-src 'none'; script-src 'nonce-abc'; style-src https://own.test");
    expect(html.match(/<script/g)).toHaveLength(1);
  });
});
