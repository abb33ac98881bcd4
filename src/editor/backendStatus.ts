/** What the runs view says of the backend that a run would get. Knows nothing of the editor. */
import type { Diagnosis } from "../doctor/diagnosis.ts";
import { chosenText, gpuText, usesGpu } from "../doctor/diagnosisText.ts";

/** What is known of the backend; `looking` also before anybody has asked. */
export type BackendKnowledge =
  | { readonly is: "looking" }
  /** The workspace is not trusted, so nothing has been run to find out. */
  | { readonly is: "restricted" }
  /** No folder is open. */
  | { readonly is: "nowhere" }
  | { readonly is: "failed"; readonly why: string }
  | { readonly is: "known"; readonly diagnosis: Diagnosis };

export interface BackendStatus {
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
}

export function backendStatus(knowledge: BackendKnowledge): BackendStatus {
  switch (knowledge.is) {
    case "looking":
      return { label: "Backend", description: "looking …", tooltip: "Orrery tries which backends there are." };
    case "restricted":
      return {
        label: "Backend: unknown",
        description: "Restricted Mode",
        tooltip: "This workspace is not trusted, so nothing is run to find out which backends there are.",
      };
    case "nowhere":
      return {
        label: "Backend: unknown",
        description: "no folder is open",
        tooltip: "Which backends there are depends on the packages of a script's folder.",
      };
    case "failed":
      return { label: "Backend: none", description: "no run can start", tooltip: knowledge.why };
    case "known":
      return knownStatus(knowledge.diagnosis);
  }
}

function knownStatus(diagnosis: Diagnosis): BackendStatus {
  const { chosen, left, problem, backends, gpus, advice } = diagnosis;
  const used = usesGpu(diagnosis) ? "a GPU is used" : "no GPU is used";
  return {
    label: `Backend: ${chosen?.title ?? (left === undefined ? "none" : "the script's own")}`,
    description: problem === undefined ? (left ?? used) : "trying the backends failed",
    tooltip: [
      chosen === undefined ? chosenText(diagnosis) : "",
      ...backends.map(({ title, available, why }) => `${available ? "✓" : "✗"} ${title}: ${why}`),
      `GPU: ${gpuText(gpus)}`,
      problem ?? "",
      `To do: ${[advice.command, advice.text].filter((part) => part !== undefined).join(". ")}`,
    ]
      .filter((line) => line !== "")
      .join("\n"),
  };
}
