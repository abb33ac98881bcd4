import { execFile } from "node:child_process";

export interface AdapterReport {
  readonly name: string;
  /** Whether the "GPU" is a program, as SwiftShader and llvmpipe are. */
  readonly isSoftware: boolean;
}

/** Milliseconds; a driver that takes longer to say what it is would be no good. */
const longest = 30_000;

/**
 * Asks which adapter there is in a process of its own: a broken driver then crashes that one, and what Dawn and the drivers print
 * does not mix with what the script prints. Rejects, in a few words, where there is none.
 *
 * @param report file that prints the report.
 * @param dawn main file of the package `webgpu`.
 */
export function askForAdapter(report: string, dawn: string): Promise<AdapterReport> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [report, dawn], { timeout: longest }, (error, output, complaints) => {
      const line = output.trim().split("\n").at(-1);
      if (error !== null || line === undefined || line === "") {
        reject(new Error(`looking for an adapter failed: ${firstLine(complaints) ?? error?.message ?? "no answer"}`));
        return;
      }
      const found = JSON.parse(line) as AdapterReport | null;
      if (found === null) reject(new Error("there is no adapter; is a Vulkan, Metal or Direct3D 12 driver installed?"));
      else resolve(found);
    });
  });
}

function firstLine(text: string): string | undefined {
  return text.split("\n").find((line) => line.trim() !== "");
}
