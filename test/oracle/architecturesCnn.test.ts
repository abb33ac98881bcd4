/** Every observable on convolutional networks, held to a float64 reference. */
import { testArchitecture } from "./architectures/architectureTests.ts";
import { cnnPlain, cnnNormalized } from "./architectures/cnn.ts";

testArchitecture(cnnPlain);
testArchitecture(cnnNormalized);
