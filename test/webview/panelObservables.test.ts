import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { violationsIn } from "./accessibility.ts";
import { eventually, launchBrowser, PanelPage, type PanelPageOptions } from "./panelPage.ts";
import { edgeRun, lastStep } from "./recordings.ts";
import { ReplayedRun } from "./replayedRun.ts";
import { richRun } from "./richRun.ts";
import { themes } from "./themes.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** A page whose person has chosen these observables. */
async function open(shown: readonly string[] | undefined, options: PanelPageOptions = {}): Promise<PanelPage> {
  const state = shown === undefined ? undefined : { version: 1, run: "", view: { shown } };
  const run = new ReplayedRun(richRun, lastStep);
  return (await PanelPage.open(browser, run, { ...options, state })).drawn();
}

function legend(panel: PanelPage, key: string): Promise<string> {
  return panel.page.locator(`[data-chart='${key}'] .legend`).innerText();
}

function boxes(panel: PanelPage) {
  return panel.page.locator(".observables vscode-checkbox:visible");
}

function labels(panel: PanelPage): Promise<string[]> {
  return boxes(panel).evaluateAll((all) => all.map((box) => box.getAttribute("label") ?? ""));
}

async function openPicker(panel: PanelPage) {
  await panel.page.locator(".observables summary").click();
  return panel.page.getByRole("searchbox", { name: "Filter observables" });
}

describe.each(Object.keys(themes) as (keyof typeof themes)[])("in the %s theme", (theme) => {
  test("the picker and charts of layers with their null values have no accessibility violation", async () => {
    const shown = ["loss/train", "weight/stableRank", "activation/effectiveRank", "gradient/noiseScale", "weight/norm"];
    const panel = await open(shown, { theme });
    await eventually(() => legend(panel, "weight/norm")).toContain("logits");
    await openPicker(panel);
    expect(await violationsIn(panel.page, theme, [".toolbar", ".charts"])).toEqual([]);
    expect(panel.faults).toEqual([]);
    await panel.picture(`observables-${theme.replaceAll(" ", "-")}`);
    await panel.close();
  });
});

test("a run with many observables is opened with the few that are shown, and no other is read", async () => {
  const run = new ReplayedRun(richRun, lastStep);
  const panel = await (await PanelPage.open(browser, run)).drawn();
  await panel.redrawn(() => panel.page.locator("vscode-checkbox[label='Log steps']").click());
  const read = new Set(run.requests.flat().map(({ observable }) => observable));
  expect([...read].toSorted()).toEqual(["loss/train", "optimizer/learningRate", "sharpness/batch"]);
  expect(panel.sent.filter(({ type }) => type === "series")).toEqual([]);
  await panel.close();
});

test("observables are listed once for all layers, by family, in words, and unknown ones by their own name", async () => {
  const panel = await open(undefined);
  await openPicker(panel);
  const titles = await panel.page.locator(".family").allInnerTexts();
  expect(titles).toEqual([
    "Loss",
    "Curvature",
    "Gradient",
    "Weights and updates",
    "Representations",
    "Tangent kernel",
    "Run",
    "Other",
  ]);
  const listed = await labels(panel);
  expect(listed).toContain("Effective rank, 3 layers");
  expect(listed).toContain("Memory of the process (bytes)");
  expect(listed).toContain("mystery/ofTomorrow");
  expect(listed.filter((label) => label.includes("null"))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
  await panel.close();
});

test("typing narrows the list by label, name, family and layer, and Escape brings it back", async () => {
  const panel = await open(undefined);
  const filter = await openPicker(panel);
  const all = (await labels(panel)).length;
  await filter.fill("rank");
  await eventually(() => labels(panel)).toEqual(["Stable rank, 3 layers", "Effective rank, 3 layers"]);
  await filter.fill("kernel");
  await eventually(() => labels(panel)).toEqual(["Kernel alignment with the targets"]);
  await filter.fill("EMBED stable");
  await eventually(() => labels(panel)).toEqual(["Stable rank, 3 layers"]);
  await filter.fill("nothing of the kind");
  await eventually(() => panel.page.locator(".observables .empty").innerText()).toContain("No observable is called");
  await filter.press("Escape");
  await eventually(async () => (await labels(panel)).length).toBe(all);
  await panel.close();
});

test("by keyboard alone an observable is found and shown", async () => {
  const panel = await open(undefined);
  await panel.page.locator(".observables summary").focus();
  await panel.page.keyboard.press("Enter");
  await panel.page.keyboard.press("Tab");
  await panel.page.keyboard.type("participation");
  await panel.page.keyboard.press("Tab");
  await panel.page.keyboard.press("Space");
  await eventually(() => panel.state).toMatchObject({
    view: { shown: expect.arrayContaining(["activation/participationRatio"]) as unknown },
  });
  await eventually(() => legend(panel, "activation/participationRatio")).toContain("logits");
  await panel.close();
});

test("the layers of one observable share a chart, in their network's order, each with its null value", async () => {
  const panel = await open(["activation/effectiveRank"]);
  await eventually(() => legend(panel, "activation/effectiveRank")).toMatch(
    /embed\s+6\.\d+ \(null 15\.6\)\s+hidden\s+8\.\d+ \(null 21\.06\)\s+logits\s+10\.\d+ \(null 26\.52\)\s+Null: by chance alone/,
  );
  const asked = panel.sent.findLast((message) => message.type === "series");
  expect(asked?.wanted.map(({ observable }) => observable)).toEqual(
    ["embed", "hidden", "logits"].flatMap((layer) =>
      ["", "/null"].map((of) => `activation/effectiveRank@${layer}${of}`),
    ),
  );
  const canvas = panel.page.locator("[data-chart='activation/effectiveRank'] canvas");
  await canvas.focus();
  await panel.page.keyboard.press("Home");
  const region = panel.page.locator("[aria-live=polite]:not([role])");
  await eventually(() => region.innerText()).toBe("Effective rank of embed, step 0: 14 (null 15.6)");
  await panel.page.keyboard.press("ArrowDown");
  await eventually(() => region.innerText()).toContain("Effective rank of hidden, step 0: 18.9 (null 21.06)");
  await panel.close();
});

test("an interval of confidence goes with its estimate", async () => {
  const panel = await open(["gradient/noiseScale"]);
  await eventually(() => legend(panel, "gradient/noiseScale")).toMatch(
    /Gradient noise scale \(examples\)\s+\d+\.?\d* \(low 23\d.*, high 4\d\d.*\)\s+Interval of 95 % confidence/,
  );
  await panel.close();
});

test("the table has a column for each layer and for its null value", async () => {
  const state = { version: 1, run: "", view: { shown: ["weight/stableRank"], table: true } };
  const run = new ReplayedRun(richRun, lastStep);
  const panel = await (await PanelPage.open(browser, run, { state })).drawn();
  const heads = panel.page.getByRole("region", { name: "Stable rank, table" }).locator("thead th");
  await eventually(() => heads.allInnerTexts()).toEqual(
    ["Step"].concat(["embed", "hidden", "logits"].flatMap((layer) => [layer, `${layer}, null`])),
  );
  await panel.close();
});

test("layers that are first measured while the panel is open are added to it", async () => {
  const run = new ReplayedRun(edgeRun, 100);
  const state = { version: 1, run: "", view: { shown: ["loss/train", "weight/norm"] } };
  const panel = await (await PanelPage.open(browser, run, { state })).drawn();
  run.advance(200, { ...richRun, overview: edgeRun.overview });
  await eventually(() => legend(panel, "weight/norm")).toMatch(/embed\s+2\.\d+\s+hidden\s+3\.\d+\s+logits\s+4\.\d+/);
  await panel.close();
});

test("a choice of single layers that an earlier version stored becomes one of all layers", async () => {
  const panel = await open(["weight/norm@embed", "weight/norm@hidden", "loss/train"]);
  expect(panel.state).toMatchObject({ view: { shown: ["weight/norm", "loss/train"] } });
  await panel.close();
});

test("a point that is pointed at says how it was measured: method, bound, examples and cost", async () => {
  const panel = await open(["loss/train", "sharpness/batch", "weight/stableRank"]);
  const reading = (key: string) => panel.page.locator(`[data-chart='${key}'] .reading`);
  const canvas = (key: string) => panel.page.locator(`[data-chart='${key}'] canvas`);
  await canvas("sharpness/batch").focus();
  await panel.page.keyboard.press("Home");
  const text = "Step 0: 3.2 ± 0.0012, Lanczos, 5 Hessian-vector products, warm start; 64 examples; cost 3.1 ms";
  await eventually(() => reading("sharpness/batch").innerText()).toBe(text);
  await panel.page.keyboard.press("i");
  await eventually(() => panel.page.locator("[aria-live=polite]:not([role])").innerText()).toBe(text);
  await panel.picture("reading");

  // The middle one of three layers, which the pointer is nearest to a little above the chart's middle at its end.
  const box = await canvas("weight/stableRank").boundingBox();
  if (box === null) throw new Error("There is no chart of the stable rank.");
  const byValue = 2.997 / 8.3;
  await panel.page.mouse.move(box.x + box.width - 20, box.y + (box.height - 24) * (1 - byValue));
  await eventually(() => reading("weight/stableRank").innerText()).toMatch(
    /^hidden: Step 6,000: 2\.99\d*, Lanczos on WᵀW; cost 420 µs$/,
  );
  await canvas("loss").hover();
  await eventually(() => reading("weight/stableRank").innerText()).toBe("");
  await eventually(() => reading("loss").innerText()).toBe("");
  await panel.close();
});

test("spectra are drawn as they last were, or as they were at the step that is pointed at, and come as tables too", async () => {
  const panel = await open(["loss/train", "hessian/eigenvalues", "hessian/spectrum", "weight/spectrum"]);
  const card = (base: string) => panel.page.locator(`[data-vector='${base}']`);
  await eventually(() => card("weight/spectrum").innerText()).toMatch(
    /Spectrum of the weights\s+at step 4,800\s+embed[^]*embed, bulk of a random matrix\s+0.04 to 0.26[^]*hidden[^]*logits/,
  );
  await eventually(() => card("hessian/eigenvalues").innerText()).toMatch(/10 values\s+3\.64 to 36\.4/);
  expect(await violationsIn(panel.page, "dark", [".charts"])).toEqual([]);
  await panel.picture("spectra");

  await card("hessian/eigenvalues").locator("canvas").focus();
  await panel.page.keyboard.press("Home");
  await eventually(() => panel.page.locator("[aria-live=polite]:not([role])").innerText()).toBe("1: 36.4 ± 1e−5");
  await panel.page.keyboard.press("End");
  await eventually(() => panel.page.locator("[aria-live=polite]:not([role])").innerText()).toBe("10: 3.64 ± 0.6");

  await panel.page.locator("[data-chart=loss] canvas").hover();
  await eventually(() => card("hessian/eigenvalues").innerText()).toMatch(/at step 1,200\s+10 values\s+1\.96 to 19\.6/);

  await panel.page.locator("vscode-checkbox[label='Table']").click();
  const table = panel.page.getByRole("region", { name: "Spectrum of the weights, table" });
  await eventually(() => table.locator("thead th").first().innerText()).toBe("Rank");
  await eventually(() => table.locator("tbody tr").count()).toBe(24);
  const eigenvalues = panel.page.getByRole("region", { name: "Largest eigenvalues of the Hessian, table" });
  await eventually(() => eigenvalues.locator("tbody td").last().innerText()).toBe("3.64 ± 0.6");
  await panel.close();
});

test("spectra that nobody has chosen are not read", async () => {
  const panel = await open(undefined);
  await panel.redrawn(() => panel.page.locator("vscode-checkbox[label='Log steps']").click());
  expect(panel.sent.filter(({ type }) => type === "vectors")).toEqual([]);
  await panel.close();
});
