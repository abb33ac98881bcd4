/** Records as sentences, for the list of a run's events. */
import type { DataRecord, EndRecord, ObjectiveRecord, OptimizerRecord, SpoolRecord } from "../probe/record.ts";
import { backendText } from "../run/backendText.ts";
import type { EventRow } from "../run/runRows.ts";

/** Kinds of records that are events and not numbers. */
export type EventRecord = Exclude<SpoolRecord, { readonly t: "step" | "measure" | "vector" }>;

export function eventText(record: EventRecord): string {
  switch (record.t) {
    case "begin": {
      const framework = `${record.framework.name} ${record.framework.version}`.trim();
      return `${backendText({ framework, backend: record.backend })}. ${record.backendReason}`;
    }
    case "model":
      return `Model ${record.name ?? record.id}: ${plural(record.parameters, "parameter")} in ${plural(record.modules.length, "module")}.`;
    case "objective":
      return objectiveText(record);
    case "optimizer":
      return `Optimizer ${optimizerText(record)}${record.schedule === "moves" ? ", which moves" : ""}.`;
    case "data":
      return dataText(record);
    case "note":
      return record.text;
    case "end":
      return endText(record);
  }
}

export function eventSeverity(record: EventRecord): EventRow["severity"] {
  if (record.t === "note") return record.severity;
  if (record.t !== "end") return "information";
  return record.how === "failed" ? "error" : record.how === "diverged" ? "warning" : "information";
}

function dataText({ examples, batch, steps, how }: DataRecord): string {
  const planned = steps === undefined ? "" : `, ${plural(steps, "step")} planned`;
  return `Data: ${examples ?? "an unknown number of"} examples, batch of ${batch ?? "unknown size"}${planned} (${how}).`;
}

/** As `SGD, learning rate 0.05`. */
export function optimizerText(record: OptimizerRecord): string {
  const rates = [...new Set(record.groups.map((group) => group.learningRate))];
  return rates.length === 0 ? record.name : `${record.name}, learning rate ${rates.join(" and ")}`;
}

function objectiveText(record: ObjectiveRecord): string {
  const names = {
    crossEntropy: "cross-entropy",
    binaryCrossEntropy: "binary cross-entropy",
    meanSquaredError: "mean squared error",
    unknown: "of a kind that was not recognized",
  };
  const over = record.reduction === "unknown" ? "" : `, ${record.reduction} over examples`;
  const penalty = record.regularized ? ", with weight penalties" : "";
  return `Loss: ${names[record.kind]}${over}${penalty} (${record.how}).`;
}

function endText(record: EndRecord): string {
  const after = `after ${plural(record.step, "step")}`;
  switch (record.how) {
    case "finished":
      return `Finished ${after}.`;
    case "stopped":
      return `Stopped ${after}.`;
    case "diverged":
      return `Diverged ${after}. ${record.error ?? ""}`.trim();
    case "failed":
      return `Failed ${after}. ${record.error ?? ""}`.trim();
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
