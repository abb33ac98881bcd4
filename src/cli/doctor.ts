import { diagnose, type DiagnosisOptions } from "../doctor/diagnosis.ts";
import { diagnosisText } from "../doctor/diagnosisText.ts";
import { diagnosePython } from "../doctor/pythonDiagnosis.ts";
import { pythonDiagnosisText } from "../doctor/pythonDiagnosisText.ts";
import { isPython } from "../recorder/scriptKinds.ts";
import { exitCode, type ExitCode } from "./exitCode.ts";
import { toJson, type Output } from "./output.ts";

/**
 * `orrery doctor`: what a run would find here, and what would bring it something better. `probe` is its bundled part. Of a
 * Python script: the interpreter, its PyTorch and its devices.
 */
export async function doctor(
  probe: string,
  options: DiagnosisOptions & { readonly python?: string | undefined },
  output: Output,
): Promise<ExitCode> {
  const { script, python, workingDirectory } = options;
  if (script !== undefined && isPython(script)) {
    const diagnosis = await diagnosePython({ workingDirectory, script, python });
    output.print(output.json ? toJson(diagnosis) : pythonDiagnosisText(diagnosis));
    return exitCodeOf(diagnosis);
  }
  const diagnosis = await diagnose(probe, options);
  output.print(output.json ? toJson(diagnosis) : diagnosisText(diagnosis));
  return exitCodeOf(diagnosis);
}

function exitCodeOf({ problem }: { readonly problem?: string | undefined }): ExitCode {
  return problem === undefined ? exitCode.ok : exitCode.notStarted;
}
