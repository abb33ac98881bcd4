/** The WebAssembly backend as the extension carries it; it registers itself with the script's own copy of tfjs-core. */
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";

setWasmPaths(`${__dirname}/`);
