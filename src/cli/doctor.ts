import { diagnose, type DiagnosisOptions } from "../doctor/diagnosis.ts";
import { diagnosisText } from "../doctor/diagnosisText.ts";
import { exitCode, type ExitCode } from "./exitCode.ts";
import { toJson, type Output } from "./output.ts";
import { UsageError } from "./usageError.ts";

/**
 * `orrery doctor`: what a run would find here, and what would bring it something better. `probe` is its bundled part. Throws
 * `UsageError` for a script of another language.
 */
export async function doctor(probe: string, options: DiagnosisOptions, output: Output): Promise<ExitCode> {
  if (options.script?.endsWith(".py") === true)
    throw new UsageError(
      "`orrery doctor` knows the backends of TensorFlow.js. A Python script chooses its own device.",
    );
  const diagnosis = await diagnose(probe, options);
  output.print(output.json ? toJson(diagnosis) : diagnosisText(diagnosis));
  return diagnosis.problem === undefined ? exitCode.ok : exitCode.notStarted;
}
