/** Every observable on an LSTM, held to a float64 reference. */
import { testArchitecture } from "./architectures/architectureTests.ts";
import { lstm } from "./architectures/lstm.ts";
import { webgpuIfAny } from "./support/webgpu.ts";

testArchitecture(lstm, webgpuIfAny);
