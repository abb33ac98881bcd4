import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { violationsIn } from "./accessibility.ts";
import { eventually, launchBrowser, PanelPage, type PanelPageOptions } from "./panelPage.ts";
import {
  adaptiveRun,
  brokenRun,
  edgeRun,
  finishedRun,
  hostile,
  hostileRun,
  idleRun,
  lastStep,
  longRun,
} from "./recordings.ts";
import { ReplayedRun, type Recording } from "./replayedRun.ts";
import { themes } from "./themes.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

async function open(recording: Recording, step: number, options: PanelPageOptions = {}): Promise<PanelPage> {
  return (await PanelPage.open(browser, new ReplayedRun(recording, step), options)).drawn();
}

describe.each(Object.keys(themes) as (keyof typeof themes)[])("in the %s theme", (theme) => {
  test("a finished run has no accessibility violation, with a ledger row and the observables opened", async () => {
    const panel = await open(finishedRun, lastStep, { theme });
    await panel.page.getByRole("button", { name: "L18 Edge of stability" }).click();
    await panel.page.getByText("Observables (2 of 5)").click();
    expect(await violationsIn(panel.page, theme)).toEqual([]);
    expect(panel.faults).toEqual([]);
    await panel.picture(`edge-${theme.replaceAll(" ", "-")}`);
    await panel.close();
  });

  test("tables and a diverged run have no accessibility violation", async () => {
    // A short stretch: checking thousands of like cells takes minutes and finds nothing more.
    const state = { version: 1, run: "", view: { table: true, zoom: { from: 960, to: 1020 } } };
    const panel = await open(brokenRun, lastStep, { theme, state });
    expect(await violationsIn(panel.page, theme)).toEqual([]);
    await panel.close();
  });
});

test("the header says what runs, how it stands, and why on this backend", async () => {
  const panel = await open(edgeRun, 700);
  await eventually(() => panel.page.getByRole("heading", { level: 1 }).innerText()).toBe("edgeOfStability.ts");
  await eventually(() => panel.page.getByRole("status").innerText()).toBe("Running");
  await eventually(() => panel.page.locator("dl").innerText()).toMatch(
    /Step\s+700\s[^]*SGD, learning rate 0.05[^]*673/,
  );
  const tip = panel.page.getByRole("tooltip", { includeHidden: true });
  await eventually(() => tip.isVisible()).toBe(false);
  await panel.page.getByRole("button", { name: "wasm" }).focus();
  await eventually(() => tip.isVisible()).toBe(true);
  await eventually(() => tip.innerText()).toContain("no native addon");
  await panel.picture("early");
  await panel.close();
});

test("the ledger shows verdicts in words, and a row opens to assumptions, regime checks and reference", async () => {
  const panel = await open(finishedRun, lastStep);
  const rows = panel.page.locator("tr[data-forecast]");
  await eventually(() => rows.locator(".verdict").allInnerTexts()).toEqual(["held", "held", "held", "pending"]);
  await eventually(() => rows.first().innerText()).toContain("38 – 44");
  const disclosure = panel.page.getByRole("button", { name: "L18 Edge of stability" });
  await eventually(() => disclosure.getAttribute("aria-expanded")).toBe("false");
  await disclosure.press("Enter");
  await eventually(() => disclosure.getAttribute("aria-expanded")).toBe("true");
  const detail = panel.page.locator("tr.detail").first();
  await eventually(() => detail.innerText()).toContain("The learning rate stays at 0.05.");
  await eventually(() => detail.innerText()).toContain("Holds: every step sees the whole data set (64 of 64 examples)");
  await detail.getByRole("button", { name: "arXiv:2103.00065" }).click();
  await eventually(() => panel.sent.at(-1)).toEqual({ type: "openExternal", url: "https://arxiv.org/abs/2103.00065" });
  await eventually(() => panel.page.getByText("Cannot speak: needs a cross-entropy").isVisible()).toBe(true);
  await panel.close();
});

test("a NaN is a marked gap, and is counted", async () => {
  const panel = await open(brokenRun, lastStep);
  // One at step 1,000 and one a step from 3,000 to 3,200.
  await eventually(() => panel.page.locator("[data-chart=loss] .legend").innerText()).toContain(
    "202 points are NaN or infinite",
  );
  await eventually(() => panel.page.getByRole("alert").first().innerText()).toContain(
    "The loss is NaN from step 3,000 on.",
  );
  const reddest = (step: number) =>
    panel.page.evaluate(
      ([at, all]) => {
        const canvas = document.querySelector<HTMLCanvasElement>("[data-chart=loss] canvas");
        const context = canvas?.getContext("2d");
        if (canvas === null || context === null || context === undefined) return NaN;
        // The plot lies between the value axis, 66 pixels wide, and the padding of 12.
        const ratio = canvas.width / canvas.clientWidth;
        const x = Math.round((66 + ((canvas.clientWidth - 78) * at) / all) * ratio);
        const { data } = context.getImageData(x - 1, Math.round(canvas.height / 2), 3, 1);
        return Math.max(
          ...[0, 4, 8].map(
            (offset) => ((data[offset] ?? 0) - (data[offset + 2] ?? 0)) * ((data[offset + 3] ?? 0) / 255),
          ),
        );
      },
      [step, lastStep] as const,
    );
  // Red less blue of the stripe's own pixels, weighed by opacity: the grid and an empty plot are grey, which is about 0.
  expect(await reddest(1000)).toBeGreaterThan(20);
  expect(await reddest(3100)).toBeGreaterThan(20);
  expect(await reddest(2750)).toBeLessThan(10);
  await panel.picture("diverged");
  await panel.close();
});

test("of 1,000,000 steps at most two points a pixel travel, with the one spike and the one NaN among them", async () => {
  const panel = await open(longRun, 999_999);
  const [first] = panel.received;
  if (first?.type !== "snapshot") throw new Error("The first message is no snapshot.");
  const [slice] = first.snapshot.series;
  const width = (await panel.page.locator("canvas").first().boundingBox())?.width ?? 0;
  expect(slice?.steps.length).toBeLessThanOrEqual(width);
  // Levels are joined by doubling, so that at least half of the room is used.
  expect(slice?.steps.length).toBeGreaterThan(width / 3);
  expect(Math.max(...(slice?.maximum ?? []))).toBe(9);
  expect(slice?.notFinite.reduce((one, other) => one + other)).toBe(1);
  await eventually(() => panel.page.locator("[data-chart=loss] .legend").innerText()).toContain(
    "1 point is NaN or infinite",
  );
  await panel.picture("million");
  await panel.close();
});

test("texts from records are shown as texts", async () => {
  const panel = await open(hostileRun, lastStep);
  await panel.page.getByText("Observables (2 of 6)").click();
  await panel.page.locator(".disclosure").first().click();
  await eventually(() => panel.page.locator("main img, main script").count()).toBe(0);
  expect(await panel.page.title()).toBe("Orrery");
  const text = await panel.page.locator("main").innerText();
  // Arguments, backend, its reason, optimizer, error, three titles and statements, one silent law twice, one note.
  expect(text.split(hostile).length - 1).toBeGreaterThanOrEqual(10);
  expect(panel.faults).toEqual([]);
  await panel.picture("hostile");
  await panel.close();
});

test.each([
  ["starting", edgeRun, 0, "Starting the script …"],
  ["running", edgeRun, 0, "Waiting for the first step"],
  ["finished", idleRun, 0, "This script never trained"],
  ["failed", idleRun, 0, "This script failed before its first training step."],
] as const)("a run that is %s without a step says what happens", async (status, recording, step, text) => {
  const empty: Recording = { ...recording, points: {}, overview: { ...recording.overview, status } };
  const panel = await open(empty, step);
  await eventually(() => panel.page.locator(".waiting").innerText()).toContain(text);
  await panel.close();
});

test("sharpness that was never measured has a place that says so", async () => {
  const panel = await open(longRun, 999_999);
  await eventually(() => panel.page.locator("[data-chart='sharpness/batch']").innerText()).toContain(
    "Sharpness was not measured in this run.",
  );
  await panel.close();
});

test("preconditioned sharpness has a chart and a threshold of its own, which the schedule moves", async () => {
  const panel = await open(adaptiveRun, lastStep);
  const legend = (key: string) => panel.page.locator(`[data-chart='${key}'] .legend`).innerText();
  // Adam with β₁ = 0.9: 2·1.9/0.1 = 38 times 1/η, and η = 0.025 at the end.
  await eventually(() => legend("sharpness/preconditioned")).toMatch(
    /Stability threshold 2\(1\+β₁\)\/\(\(1−β₁\)η\)\s*1520/,
  );
  await eventually(() => legend("sharpness/batch")).not.toContain("threshold");
  await panel.picture("adaptive");
  await panel.close();
});
