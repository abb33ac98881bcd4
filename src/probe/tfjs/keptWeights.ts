import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readdirSync, readSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

const fileName = "weights.bin";
const version = 1;

/** Of a file's first line, which says what follows. */
const longestHeader = 512;

/** Of the numbers in a file; weights that are larger by themselves are not kept. */
export const mostKeptBytes = 16 * 1024 ** 2;

/** Runs of the workspace that are looked at, the newest first. */
const mostRuns = 64;

/** What a run's file says of the weights that it keeps. */
export interface KeptWeights {
  /** Name of the run's folder. */
  readonly run: string;
  /** Optimizer steps completed at each of the weights, ascending. */
  readonly steps: readonly number[];
  /** `fingerprintOf` the weights that the run began at. */
  readonly first: string;
  /** How many numbers each are. */
  readonly count: number;
}

/** The same for the same numbers only. */
export function fingerprintOf(weights: Float32Array): string {
  return createHash("sha256").update(bytesOf(weights)).digest("hex");
}

/**
 * The latest weights of each run, as `weights.bin` in its folder: a line of JSON, then the numbers, flat, as little-endian float32, of one step after the
 * other. Other runs read them whose weights began as the same ones.
 */
export class WeightsFolder {
  readonly #run: string;
  #kept: { readonly step: number; readonly weights: Float32Array }[] = [];

  /** @param run the run's own folder, beside those of others. */
  constructor(run: string) {
    this.#run = path.resolve(run);
  }

  /** Keeps them too, and no longer those of less than half as many steps, or as there is no room for. Throws what writing throws. */
  write(weights: Float32Array, step: number, first: string): void {
    const room = Math.max(1, Math.floor(mostKeptBytes / weights.byteLength));
    const isKept = (each: { readonly step: number; readonly weights: Float32Array }) =>
      each.step < step && each.step >= step / 2 && each.weights.length === weights.length;
    this.#kept = [...this.#kept.filter(isKept), { step, weights }].slice(-room);
    const steps = this.#kept.map((each) => each.step);
    const header = `${JSON.stringify({ version, first, count: weights.length, steps })}\n`;
    const file = path.join(this.#run, fileName);
    const numbers = this.#kept.map((each) => bytesOf(each.weights));
    writeFileSync(`${file}.new`, Buffer.concat([Buffer.from(header), ...numbers]));
    renameSync(`${file}.new`, file);
  }

  /** What other runs keep whose weights began as these, the newest run first. */
  alike(first: string): readonly KeptWeights[] {
    const folder = path.dirname(this.#run);
    const others = namesIn(folder).filter((name) => name !== path.basename(this.#run));
    return others
      .toSorted()
      .toReversed()
      .slice(0, mostRuns)
      .flatMap((run) => {
        const header = inFile(path.join(folder, run, fileName), headerIn)?.header;
        return header?.first === first ? { ...header, run } : [];
      });
  }

  /** Those of one of its steps; undefined where they are no longer there. */
  read({ run, first, count }: KeptWeights, step: number): Float32Array | undefined {
    return inFile(path.join(path.dirname(this.#run), run, fileName), (descriptor) => {
      const found = headerIn(descriptor);
      // The run may have gone on since.
      const place = found?.header.first === first ? found.header.steps.indexOf(step) : -1;
      if (found === undefined || place < 0 || found.header.count !== count) return undefined;
      const size = 4 * count;
      if (fstatSync(descriptor).size !== found.length + size * found.header.steps.length) return undefined;
      const weights = new Float32Array(count);
      return readSync(descriptor, weights, 0, size, found.length + size * place) === size ? weights : undefined;
    });
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What `use` makes of a file that is open, which stays what it is meanwhile; undefined where it cannot be read. */
function inFile<T>(file: string, use: (descriptor: number) => T | undefined): T | undefined {
  try {
    const descriptor = openSync(file, "r");
    try {
      return use(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

type Header = Omit<KeptWeights, "run">;

/** A file's first line, and its length in bytes; undefined where the file is another's. Throws where it cannot be read. */
function headerIn(descriptor: number): { readonly header: Header; readonly length: number } | undefined {
  const bytes = Buffer.alloc(longestHeader);
  const text = bytes.toString("latin1", 0, readSync(descriptor, bytes, 0, longestHeader, 0));
  const length = text.indexOf("\n") + 1;
  const header: unknown = JSON.parse(text.slice(0, length));
  return isHeader(header) ? { header, length } : undefined;
}

function isHeader(found: unknown): found is Header {
  if (typeof found !== "object" || found === null) return false;
  const header: Partial<Record<"version" | keyof KeptWeights, unknown>> = found;
  return (
    header.version === version &&
    typeof header.first === "string" &&
    isCount(header.count) &&
    Array.isArray(header.steps) &&
    header.steps.every(isCount)
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
