/** Every observable on convolutional networks, held to a float64 reference. */
import { testArchitecture } from "./architectures/architectureTests.ts";
import { cnnPlain, cnnNormalized } from "./architectures/cnn.ts";
import { webgpuIfAny } from "./support/webgpu.ts";

testArchitecture(cnnPlain);
testArchitecture(cnnNormalized, webgpuIfAny);
