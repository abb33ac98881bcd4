/**
 * Preloaded into a script of `examples/laws`, gives it other random numbers than its own seeds would, the same at every run of one draw: fresh weights, data and
 * noise alike. Scripts need no option for it, and stay as short as they are.
 */
import { registerHooks } from "node:module";

/** Further apart than the seeds of any one script. */
const stride = 1_000_003;
const offset = stride * Number(process.env.ORRERY_ALMANAC_DRAW);

const patch = `
;for (const name of ["randomNormal", "randomUniform", "truncatedNormal"]) {
  const drawn = exports[name];
  exports[name] = (...args) => {
    const [shape, first, second, type, seed] = args;
    return drawn(shape, first, second, type, seed === undefined ? seed : seed + ${offset});
  };
}`;

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    return url.endsWith("/tf-core.node.js") ? { ...loaded, source: `${loaded.source}${patch}` } : loaded;
  },
});
