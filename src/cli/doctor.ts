import { diagnose, type DiagnosisOptions } from "../doctor/diagnosis.ts";
import { diagnosisText } from "../doctor/diagnosisText.ts";
import { exitCode, type ExitCode } from "./exitCode.ts";
import { toJson, type Output } from "./output.ts";

/** `orrery doctor`: what a run would find here, and what would bring it something better. `probe` is its bundled part. */
export async function doctor(probe: string, options: DiagnosisOptions, output: Output): Promise<ExitCode> {
  const diagnosis = await diagnose(probe, options);
  output.print(output.json ? toJson(diagnosis) : diagnosisText(diagnosis));
  return diagnosis.problem === undefined ? exitCode.ok : exitCode.notStarted;
}
