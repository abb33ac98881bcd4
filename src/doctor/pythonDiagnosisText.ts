import { factLines, gpuText } from "./diagnosisText.ts";
import type { PythonDiagnosis } from "./pythonDiagnosis.ts";

/** A diagnosis for people, in plain text. */
export function pythonDiagnosisText({ folder, script, python, gpus, advice, problem }: PythonDiagnosis): string {
  const torch = python.torch ?? `cannot be imported: ${python.missing ?? "no reason given"}`;
  return [
    ...factLines([
      ["folder", folder],
      ["script", script],
      ["python", `${python.version}, at ${python.executable}`],
      ["PyTorch", torch],
      ["devices", python.devices.length === 0 ? "unknown" : python.devices.join(", ")],
      ["GPU", gpuText(gpus)],
    ]),
    "",
    ...(problem === undefined ? [] : [problem, ""]),
    ...factLines([["to do", advice.text]]),
  ].join("\n");
}
