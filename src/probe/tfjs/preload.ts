/**
 * Loaded before the user's script, as `node --import …/preload.mjs script`, in the process that trains.
 *
 * `ORRERY_RUN` names the run's directory; without it, nothing happens. `ORRERY_BACKEND` and `ORRERY_BUDGET` (a fraction of wall time)
 * set how it is measured, `ORRERY_PROBE_BATCHES` and `ORRERY_PROBE_BYTES` how much of the data is kept for it. The variables are taken out of the environment, so that
 * processes that the script starts are left alone, as are its worker threads.
 */
import { isMainThread } from "node:worker_threads";
import { observe } from "./observe.ts";
import { probeSetLimits } from "./probeSet.ts";

const run = process.env["ORRERY_RUN"];
if (run !== undefined && run !== "" && isMainThread) {
  const backend = process.env["ORRERY_BACKEND"] ?? "auto";
  const budget = Number(process.env["ORRERY_BUDGET"] ?? "0.05");
  const probeSet = probeSetLimits(process.env["ORRERY_PROBE_BATCHES"], process.env["ORRERY_PROBE_BYTES"]);
  for (const name of ["ORRERY_RUN", "ORRERY_BACKEND", "ORRERY_BUDGET", "ORRERY_PROBE_BATCHES", "ORRERY_PROBE_BYTES"]) {
    Reflect.deleteProperty(process.env, name);
  }
  await observe(run, backend, budget, probeSet);
}
