/** Every observable on multilayer perceptrons, held to a float64 reference. */
import { testArchitecture } from "./architectures/architectureTests.ts";
import { mlpTanh, mlpRelu, mlpGelu } from "./architectures/mlp.ts";
import { webgpuIfAny } from "./support/webgpu.ts";

testArchitecture(mlpTanh);
testArchitecture(mlpRelu, webgpuIfAny);
testArchitecture(mlpGelu);
