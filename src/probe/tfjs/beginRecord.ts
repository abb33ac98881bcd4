import { availableParallelism, cpus } from "node:os";
import { protocolVersion } from "../record.ts";
import type { BackendDecision } from "./backends/backendChoice.ts";
import type { Journal } from "./journal.ts";
import { loadedCopies } from "./loadedCopies.ts";

/** The probe's own version goes with the protocol that it speaks. */
const probe = `tfjs-${protocolVersion}`;

/** Writes the `begin` record; again where the script turns out to use another backend than was chosen for it. */
export class BeginRecord {
  readonly #journal: Journal;
  readonly #script: string;
  #written: string | undefined;

  constructor(journal: Journal, script: string) {
    this.#journal = journal;
    this.#script = script;
  }

  get isWritten(): boolean {
    return this.#written !== undefined;
  }

  /** The script trains on this backend, whatever was chosen for it. */
  confirm(backend: string): void {
    if (this.#written !== backend) this.write({ backend, reason: "The script chooses it." });
  }

  write({ backend, reason }: BackendDecision): void {
    this.#written = backend;
    this.#journal.write({
      t: "begin",
      protocol: protocolVersion,
      probe,
      framework: { name: "TensorFlow.js", version: frameworkVersion() },
      runtime: `Node ${process.versions.node}`,
      device: deviceOf(),
      backend,
      backendReason: reason,
      pid: process.pid,
      script: this.#script,
    });
  }
}

function frameworkVersion(): string {
  const version: unknown = loadedCopies().cores[0]?.exports["version_core"];
  return typeof version === "string" ? version : "of unknown version";
}

function deviceOf(): string {
  const model = cpus()[0]?.model.trim();
  const threads = availableParallelism();
  return `${model === undefined || model === "" ? process.arch : model}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}
