import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { endOfRun, type FromPanel } from "../../src/editor/messages.ts";
import { eventually, launchBrowser, PanelPage, type PanelPageOptions } from "./panelPage.ts";
import { edgeRun, finishedRun, lastStep, longRun } from "./recordings.ts";
import { ReplayedRun, type Recording } from "./replayedRun.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

async function open(recording: Recording, step: number, options: PanelPageOptions = {}): Promise<PanelPage> {
  return (await PanelPage.open(browser, new ReplayedRun(recording, step), options)).drawn();
}

function canvas(panel: PanelPage, key: string) {
  return panel.page.locator(`[data-chart='${key}'] canvas`);
}

/** Drags over parts of a chart, each from 0 to 1 of its width and height. */
async function drag(panel: PanelPage, key: string, from: [number, number], to: [number, number]): Promise<void> {
  const box = await canvas(panel, key).boundingBox();
  if (box === null) throw new Error(`There is no chart of ${key}.`);
  const { mouse } = panel.page;
  await mouse.move(box.x + from[0] * box.width, box.y + from[1] * box.height);
  await mouse.down();
  await mouse.move(box.x + to[0] * box.width, box.y + to[1] * box.height, { steps: 4 });
  await mouse.up();
}

function asked(panel: PanelPage): Extract<FromPanel, { type: "series" }>[] {
  return panel.sent.filter((message) => message.type === "series");
}

/** The newest slice of the loss that the page was sent on its own asking. */
function answeredLevel(panel: PanelPage): number | undefined {
  const answer = panel.received.findLast((message) => message.type === "series");
  return answer?.series.find((slice) => slice.observable === "loss/train")?.level;
}

test("arrow keys, Home and End step from point to point, and one live region speaks the point", async () => {
  const panel = await open(finishedRun, lastStep);
  const region = panel.page.locator("[aria-live=polite]:not([role])");
  await eventually(() => region.count()).toBe(1);
  await canvas(panel, "sharpness/batch").focus();
  const press = async (key: string, spoken: RegExp) => {
    await panel.page.keyboard.press(key);
    await eventually(() => region.innerText()).toMatch(spoken);
  };
  await press("Home", /^Sharpness, step 0: 3\.2, threshold 40$/);
  await press("ArrowRight", /^Sharpness, step 20: 3\.2\d+, threshold 40$/);
  await press("ArrowRight", /^Sharpness, step 40: /);
  await press("ArrowLeft", /^Sharpness, step 20: /);
  await press("End", /^Sharpness, step 6,000: /);
  await press("ArrowRight", /^Sharpness, step 6,000: /);
  await eventually(() => panel.page.locator("[data-chart='sharpness/batch'] .ring").isVisible()).toBe(true);
  await panel.close();
});

test("dragging along the steps zooms, asks for finer series, and a double click shows everything again", async () => {
  const panel = await open(longRun, 999_999);
  const [whole] = panel.received;
  const before = whole?.type === "snapshot" ? whole.snapshot.series[0]?.level : undefined;
  await panel.redrawn(() => drag(panel, "loss", [0.4, 0.5], [0.5, 0.52]));
  await eventually(() => answeredLevel(panel)).toBeLessThan(before ?? 0);
  const [request] = asked(panel).at(-1)?.wanted ?? [];
  // A tenth of the canvas, which is wider than the plot, and a quarter of that on either side.
  expect((request?.toStep ?? 0) - (request?.fromStep ?? 0)).toBeGreaterThan(100_000);
  expect((request?.toStep ?? 0) - (request?.fromStep ?? 0)).toBeLessThan(200_000);
  await drag(panel, "loss", [0.4, 0.5], [0.41, 0.5]);
  await eventually(() => answeredLevel(panel)).toBeLessThan(1);
  await canvas(panel, "loss").dblclick();
  await eventually(() => asked(panel).at(-1)?.wanted[0]?.toStep).toBe(endOfRun);
  await eventually(() => answeredLevel(panel)).toBe(before);
  await panel.close();
});

test("dragging along the values zooms the values of that chart only", async () => {
  const panel = await open(finishedRun, lastStep);
  await panel.redrawn(() => drag(panel, "sharpness/batch", [0.5, 0.1], [0.51, 0.6]));
  expect(panel.state).toMatchObject({ view: { valueZoom: { "sharpness/batch": {} } } });
  expect(panel.state).not.toMatchObject({ view: { zoom: {} } });
  await panel.redrawn(() => panel.page.getByRole("button", { name: "Reset Zoom" }).click());
  expect(panel.state).toMatchObject({ view: { valueZoom: {} } });
  await panel.close();
});

test("the wheel zooms with Ctrl and only then, and so do plus and minus", async () => {
  const panel = await open(finishedRun, lastStep);
  await canvas(panel, "loss").hover();
  await panel.page.mouse.wheel(0, -200);
  expect(asked(panel)).toEqual([]);
  await panel.page.keyboard.down("Control");
  await panel.page.mouse.wheel(0, -200);
  await panel.page.keyboard.up("Control");
  await eventually(() => asked(panel).length).toBe(1);
  await canvas(panel, "loss").press("0");
  await eventually(() => asked(panel).at(-1)?.wanted[0]?.toStep).toBe(endOfRun);
  await canvas(panel, "loss").press("+");
  await eventually(() => asked(panel).at(-1)?.wanted[0]?.toStep).toBeLessThan(lastStep);
  await panel.close();
});

test("steps are zoomed to by typing them, and a wrong entry is marked and changes nothing", async () => {
  const panel = await open(finishedRun, lastStep);
  const [from, to] = [panel.page.getByLabel("First step shown"), panel.page.getByLabel("Last step shown")];
  await to.fill("2000");
  await to.press("Tab");
  await eventually(() => panel.state).toMatchObject({ view: { zoom: { from: 0, to: 2000 } } });
  await from.fill("3000");
  await from.press("Tab");
  await eventually(() => panel.page.locator("vscode-textfield[invalid]").count()).toBe(1);
  expect(panel.state).toMatchObject({ view: { zoom: { from: 0, to: 2000 } } });
  await panel.close();
});

test("zoom, scales, smoothing, observables and table survive a reload", async () => {
  const view = {
    zoom: { from: 1000, to: 2000 },
    valueZoom: {},
    scale: "logarithmic",
    stepScale: "logarithmic",
    smoothing: 20,
    shown: ["loss/train", "gradient/norm"],
    table: true,
  };
  const panel = await open(finishedRun, lastStep, { state: { version: 1, run: "/runs/replayed", view } });
  expect(panel.state).toEqual({ version: 1, run: "/runs/replayed", view });
  await eventually(() =>
    panel.page.locator("vscode-checkbox[label='Log values']").getAttribute("checked"),
  ).not.toBeNull();
  await eventually(() => panel.page.locator("vscode-checkbox[label='Table']").getAttribute("checked")).not.toBeNull();
  await eventually(() => panel.page.getByRole("combobox", { name: "Smoothing" }).innerText()).toContain(
    "Over 20 points",
  );
  await eventually(() => panel.page.locator("caption", { hasText: "Gradient norm" }).count()).toBe(1);
  await eventually(() => panel.page.locator("caption", { hasText: "Sharpness" }).count()).toBe(0);
  await panel.close();
});

test("the table shows the numbers of the curves", async () => {
  const panel = await open(finishedRun, lastStep);
  await panel.redrawn(() => panel.page.getByText("Table", { exact: true }).click());
  const table = panel.page.getByRole("region", { name: "Sharpness, table" });
  await eventually(() => table.locator("tbody tr").count()).toBe(lastStep / 20 + 1);
  await eventually(() => table.locator("tbody tr").first().innerText()).toMatch(/^0\s+3\.2\s+40$/);
  await panel.picture("table");
  await panel.close();
});

test("a choice of observables adds a chart", async () => {
  const panel = await open(finishedRun, lastStep);
  await panel.page.getByText("Observables (2 of 5)").click();
  await panel.page.locator("vscode-checkbox[label='Gradient norm']").click();
  await canvas(panel, "gradient/norm").waitFor();
  expect(panel.state).toMatchObject({ view: { shown: expect.arrayContaining(["gradient/norm"]) as unknown } });
  await panel.close();
});

test("controls are there only where they can act", async () => {
  const shown = async (panel: PanelPage) => {
    const names = await panel.page.locator(".controls vscode-button:not([hidden])").allInnerTexts();
    await panel.close();
    return names.map((name) => name.trim());
  };
  const paused: Recording = { ...edgeRun, overview: { ...edgeRun.overview, status: "paused" } };
  expect(await shown(await open(edgeRun, 700))).toEqual(["Pause", "Measure Now", "Stop"]);
  expect(await shown(await open(paused, 700))).toEqual(["Resume", "Stop"]);
  expect(await shown(await open(finishedRun, lastStep))).toEqual([]);
  expect(await shown(await open(edgeRun, 700, { controllable: false }))).toEqual([]);
});

test("pressing Stop asks the host to stop", async () => {
  const panel = await open(edgeRun, 700);
  await panel.page.getByRole("button", { name: "Stop" }).press("Enter");
  await eventually(() => panel.sent.at(-1)).toEqual({ type: "control", do: "stop" });
  await panel.close();
});

test("a live run is drawn at most ten times a second, and ends with everything drawn", async () => {
  const run = new ReplayedRun(edgeRun, 100);
  const panel = await (await PanelPage.open(browser, run)).drawn();
  const step = panel.page.locator("dl");
  const [drawings, begun] = [await panel.drawings(), performance.now()];
  for (let reached = 200; reached <= lastStep; reached += 100) {
    run.advance(reached);
    await panel.page.evaluate(() => undefined);
  }
  await eventually(() => step.innerText()).toMatch(/Step\s+6,000\s/);
  const seconds = (performance.now() - begun) / 1000;
  // One more for the drawing that was due at either end.
  expect((await panel.drawings()) - drawings).toBeLessThanOrEqual(10 * seconds + 2);
  await eventually(() => panel.page.locator(".verdict").allInnerTexts()).toEqual(["held", "held", "held", "pending"]);
  await panel.close();
});
