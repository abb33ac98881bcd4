/** Every observable on a transformer, held to a float64 reference. */
import { testArchitecture } from "./architectures/architectureTests.ts";
import { transformer } from "./architectures/transformer.ts";
import { webgpuIfAny } from "./support/webgpu.ts";

testArchitecture(transformer, webgpuIfAny);
