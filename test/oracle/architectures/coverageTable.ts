import { layerNameOf } from "./layers.ts";
import type { Architecture } from "./architecture.ts";
import type { Cell, Comparison } from "./comparison.ts";
import type { AdapterReport } from "../../../src/probe/tfjs/webgpu/adapter.ts";

/** What came of one architecture, by backend. */
export interface Covered {
  readonly architecture: Architecture;
  readonly comparisons: ReadonlyMap<string, Comparison>;
}

/** Smaller errors are all called so: it is what float32 leaves. */
const finest = -7;

const nothing = "–";

function cellText(cell: Cell | undefined): string {
  switch (cell?.kind) {
    case undefined:
      return nothing;
    case "exact":
      return `1e${cell.error === 0 ? finest : Math.max(finest, Math.ceil(Math.log10(cell.error)))}`;
    case "estimate":
      return `${Math.max(1, Math.ceil(cell.deviations))}σ`;
    case "refused":
      return `refused: ${cell.reason}`;
  }
}

interface Name {
  readonly observable: string;
  readonly layer: string | undefined;
}

/** Of `activation/rms@layer`, of `agreement/cka@layer/null`, and of `sharpness/directional@microBatch`, which is no layer. */
function parse(name: string): Name {
  const match = /^(?<family>[^@]+)@(?!microBatch)(?<layer>.+?)(?:→.*?)?(?<part>\/null)?$/.exec(name)?.groups;
  if (match === undefined) return { observable: name, layer: undefined };
  return { observable: `${match["family"] ?? ""}${match["part"] ?? ""}`, layer: match["layer"] };
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** A section of the coverage document: what is measured of the whole network, and of each of its layers. */
export function coverageSection({ architecture, comparisons }: Covered): string {
  const names = new Set([...comparisons.values()].flatMap(({ cells }) => [...cells.keys()]));
  const parsed = [...names].map((name) => ({ name, ...parse(name) }));
  const observables = (of: readonly Name[]) => [...new Set(of.map(({ observable }) => observable))].toSorted();
  const texts = (name: string | undefined) =>
    [...comparisons.values()].map(({ cells }) => cellText(name === undefined ? undefined : cells.get(name)));
  const ofNetwork = parsed.filter(({ layer }) => layer === undefined);
  const ofLayers = parsed.filter(({ layer }) => layer !== undefined);
  const columns = layersOf(architecture);
  const nameIn = (observable: string, column: string) =>
    ofLayers.find((each) => each.observable === observable && columnOf(each, columns) === column)?.name;
  const weights = architecture.variables.reduce(
    (sum, { shape }) => sum + shape.reduce((all, extent) => all * extent, 1),
    0,
  );
  return [
    `## ${architecture.title}`,
    `${architecture.summary} ${weights} weights.`,
    markdown(
      ["of the network", ...comparisons.keys()],
      observables(ofNetwork).map((name) => [`\`${name}\``, ...texts(name)]),
    ),
    markdown(
      ["of a layer", ...columns.map((column) => `\`${column}\``)],
      observables(ofLayers).map((observable) => [
        `\`${observable}\``,
        ...columns.map((column) => joined(texts(nameIn(observable, column)))),
      ]),
    ),
  ].join("\n\n");
}

/** One text where all backends agree. */
function joined(texts: readonly string[]): string {
  return new Set(texts).size === 1 ? (texts[0] ?? nothing) : texts.join(" / ");
}

/** Layers by their weight matrices, those without by the part of the name that their weights share. */
function layersOf({ variables }: Architecture): string[] {
  const prefixes = [...new Set(variables.map(({ name }) => prefixOf(name)))];
  return prefixes.flatMap((prefix) => {
    const matrices = variables.filter(({ name, shape }) => shape.length > 1 && prefixOf(name) === prefix);
    return matrices.length === 0 ? [prefix] : matrices.map(({ name }) => layerNameOf(name));
  });
}

/** A block of the Hessian belongs to a layer with all its weights, and stands with the first of them. */
function columnOf({ layer }: Name, columns: readonly string[]): string | undefined {
  return columns.find((column) => column === layer) ?? columns.find((column) => prefixOf(column) === layer);
}

function prefixOf(name: string): string {
  return name.replace(/\/.*$/, "");
}

/** The whole document. `adapter` is what WebGPU ran on, where it was among the backends. */
export function coverageDocument(all: readonly Covered[], adapter: AdapterReport | undefined): string {
  const backends = [...new Set(all.flatMap(({ comparisons }) => [...comparisons.keys()]))];
  return `# Coverage

Written by \`npm run coverage\` from what \`test/oracle/architectures*.test.ts\` measures; the tests fail where the two differ. \`npm test\`
runs all of them on cpu and wasm and, where there is an adapter, one network of each kind on webgpu;
\`ORRERY_TEST_BACKENDS=webgpu npx vitest run --project oracle\` runs the whole suite there.

One real optimizer step of each network is measured by every observable as in a run, on ${enumerated(backends)}, and compared with
its definition, evaluated on the same network written scalar by scalar in float64: dense Hessian, Jacobian, single examples' gradients.
${adapter === undefined ? "" : `\n${adapterText(adapter)}\n`}
- \`1e-6\`: the largest relative error, rounded up to a power of ten, and not less than the 1e-7 that float32 leaves; where backends differ, ${backends.join(" / ")}.
- \`2σ\`: for estimates from random directions, the distance from the truth, rounded up, in the estimate's standard deviations.
- \`refused\`: nothing is reported, and a note says why.
- \`–\`: not defined on such a network or layer.

Errors that measurements state were found to be bounds. Nulls that are drawn at random are held to their distributions in other tests
of \`test/oracle\`. The local learning coefficient (\`learningCoefficient/local\`), which takes a minimum, is held there to models whose own
is known, and the barrier to another run (\`connectivity/barrier\`) to the loss on the line between both.

## Summary

The largest over layers and backends.

${markdown(["", ...all.map(({ architecture }) => architecture.title)], summaryRows(all))}

${all.map(coverageSection).join("\n\n")}
`;
}

function enumerated(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}

function adapterText({ name, isSoftware }: AdapterReport): string {
  const ran = `The numbers of webgpu are those of \`${name}\``;
  return isSoftware
    ? `${ran}, a driver in software.
The shaders are those that a GPU would run, but none has run them, and its own functions may round otherwise.`
    : `${ran}.`;
}

function summaryRows(all: readonly Covered[]): string[][] {
  const worst = all.map(({ comparisons }) => {
    const cells = new Map<string, Cell>();
    for (const comparison of comparisons.values()) {
      for (const [name, cell] of comparison.cells) {
        const { observable } = parse(name);
        const known = cells.get(observable);
        if (known === undefined || size(cell) > size(known)) cells.set(observable, cell);
      }
    }
    return cells;
  });
  const observables = [...new Set(worst.flatMap((cells) => [...cells.keys()]))].toSorted();
  return observables.map((observable) => [
    `\`${observable}\``,
    ...worst.map((cells) => cellText(cells.get(observable))),
  ]);
}

/** What some layer gives goes before what others refuse. */
function size(cell: Cell): number {
  return cell.kind === "refused" ? -1 : cell.kind === "exact" ? cell.error : cell.deviations;
}

/** Whether two tables say the same: numbers that lie near a power of ten are rounded up to either, as arithmetic has it. */
export function agree(documented: string, measured: string): boolean {
  const numbers = /1e-(\d+)|(\d+)σ/g;
  const frame = (text: string) => text.replaceAll(numbers, "#").replaceAll(/#( \/ #)+/g, "#");
  if (frame(documented) !== frame(measured)) return false;
  const measuredCells = cellsOf(measured).map(numbersIn);
  return cellsOf(documented).every((cell, index) => {
    const [were, are] = [numbersIn(cell), measuredCells[index] ?? []];
    // One number stands for all backends.
    const places = [...Array(Math.max(were.length, are.length)).keys()];
    return places.every((place) => Math.abs((were[place] ?? were[0] ?? NaN) - (are[place] ?? are[0] ?? NaN)) <= 1);
  });
}

function cellsOf(text: string): string[] {
  return text.split(/[|\n]/);
}

function numbersIn(cell: string): number[] {
  return [...cell.matchAll(/1e-(\d+)|(\d+)σ/g)].map(([, power, deviations]) => Number(power ?? deviations));
}
