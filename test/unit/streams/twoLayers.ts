import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";

/**
 * Two linear layers f = u·v on the example x = 1 with target 0, trained weight by weight in float64 (Lewkowycz et al. 2020, but for
 * their factor 1/√n): a run of the squared error f², and of its sharpness 2(|u|² + |v|²), which leaves out a term of f.
 */
export function twoLayers(product: number, width: number, steps = 200, seed = 1): HistoryRecord[] {
  const draw = gaussians(seed);
  const u = Array.from({ length: width }, () => draw());
  const v = Array.from({ length: width }, () => draw() / Math.sqrt(width));
  const output = () => u.reduce((sum, each, index) => sum + each * (v[index] ?? 0), 0);
  const sharpness = () => [...u, ...v].reduce((sum, each) => sum + 2 * each * each, 0);
  const rate = product / sharpness();
  const model = {
    ...({ t: "model", step: 0, id: "m", parameters: 2 * width, width, depth: 2 } as const),
    modules: [{ path: "u", kind: "Dense", parameterShapes: [[1, width]], parameters: width, activation: "linear" }],
  };
  const records: HistoryRecord[] = [...opening({ group: { learningRate: rate } }), model];
  for (let step = 0; step < steps; step++) {
    const residual = output();
    records.push(stepped(step, residual ** 2));
    if (!Number.isFinite(residual)) break;
    if (step % 5 === 0) records.push(measured(step, { "sharpness/batch": sharpness() }));
    for (let index = 0; index < width; index++) {
      const [a, b] = [u[index] ?? 0, v[index] ?? 0];
      u[index] = a - 2 * rate * residual * b;
      v[index] = b - 2 * rate * residual * a;
    }
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
