import { setTimeout as delay } from "node:timers/promises";
import type { RunWriter, SpoolPosition } from "../run/runWriter.ts";
import type { Recording } from "./recording.ts";
import type { SpoolReader } from "./spoolReader.ts";

/** Milliseconds between commits: ten a second are as fresh as anybody looks. */
const commitInterval = 100;

/** Reads on; false at the end of the spool as it is now. */
export function consume(reader: SpoolReader, recording: Recording, pen: Pen): boolean {
  const lines = reader.read();
  for (const line of lines) {
    if (recording.ended) break;
    recording.consume(line);
    pen.moved({ offset: line.next, line: line.number + 1 });
  }
  return lines.length > 0;
}

/** Commits what has been written, at most ten times a second while there is more. */
export class Pen {
  readonly #writer: RunWriter;
  readonly #recording: Recording;
  #position: SpoolPosition;
  #committed: SpoolPosition;
  #lastCommit = performance.now();

  constructor(writer: RunWriter, recording: Recording, position: SpoolPosition) {
    this.#writer = writer;
    this.#recording = recording;
    this.#position = position;
    this.#committed = position;
  }

  /** All rows of the spool up to here have been written. */
  moved(position: SpoolPosition): void {
    this.#position = position;
    if (performance.now() - this.#lastCommit >= commitInterval) this.commit();
  }

  commit(): void {
    if (this.#position.offset === this.#committed.offset) return;
    this.#writer.facts(this.#recording.facts());
    this.#writer.commit(this.#position);
    this.#committed = this.#position;
    this.#lastCommit = performance.now();
  }
}

/** Leaves one plain file, waiting for readers, who hold it for milliseconds. */
export async function finishWriting(writer: RunWriter): Promise<void> {
  for (let attempt = 0; attempt < 50 && !writer.finish(); attempt++) await delay(100);
}
