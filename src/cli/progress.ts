import type { RunOverview } from "../run/runRows.ts";
import { formatCount, formatNumber, formatSeconds } from "./numbers.ts";

/** A limit of the step size on a curvature: where `value` stands towards `threshold`. */
export interface Edge {
  readonly value: number;
  readonly threshold: number;
}

const barWidth = 20;

/** A live run in one line: step, loss, sharpness and how near it is to the edge of stability. */
export function progressLine(overview: RunOverview, edge: Edge | undefined): string {
  const last = (name: string) => overview.observables.find((each) => each.name === name)?.lastValue;
  const loss = last("loss/train");
  const sharpness = edge?.value ?? last("sharpness/batch");
  if (overview.status === "starting") return "starting …";
  const parts = [loss === undefined ? "no step yet" : `step ${formatCount(overview.step)}`];
  if (loss !== undefined) parts.push(`loss ${formatNumber(loss)}`);
  if (sharpness !== undefined) {
    const limit = edge === undefined ? "" : ` of ${formatNumber(edge.threshold)} ${bar(sharpness / edge.threshold)}`;
    parts.push(`sharpness ${formatNumber(sharpness)}${limit}`);
  }
  parts.push(formatSeconds(overview.seconds));
  if (overview.status === "paused") parts.push("paused");
  return parts.join("  ");
}

/** A bar that is full at the edge, and says so when the value is beyond. */
function bar(share: number): string {
  if (!Number.isFinite(share)) return "";
  const filled = Math.max(0, Math.min(barWidth, Math.round(share * barWidth)));
  const percent = `${Math.round(share * 100)} %`.padStart(6);
  return `▕${"█".repeat(filled)}${"·".repeat(barWidth - filled)}▏${percent}`;
}

/** Shows how a run comes along: on a terminal one line that is redrawn, elsewhere a line now and then. */
export class ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  #shown = "";
  #nextLine = 0;
  #interval = 2000;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(line: string): void {
    if (this.#stream.isTTY) {
      if (line === this.#shown) return;
      this.#shown = line;
      this.#stream.write(`\r\u001b[2K${line.slice(0, this.#stream.columns - 1)}`);
      return;
    }
    const now = performance.now();
    if (now < this.#nextLine || line === this.#shown) return;
    this.#shown = line;
    // Ever sparser: a log of a day's run stays short.
    this.#nextLine = now + this.#interval;
    this.#interval = Math.min(this.#interval * 1.5, 60_000);
    this.#stream.write(`${line}\n`);
  }

  /** Leaves the last state on a line of its own. */
  end(line: string): void {
    if (this.#stream.isTTY) this.#stream.write(`\r\u001b[2K${line}\n`);
    else if (line !== this.#shown) this.#stream.write(`${line}\n`);
  }
}
