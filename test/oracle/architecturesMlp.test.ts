/** Every observable on multilayer perceptrons, held to a float64 reference. */
import { testArchitecture } from "./architectures/architectureTests.ts";
import { mlpTanh, mlpRelu, mlpGelu } from "./architectures/mlp.ts";

testArchitecture(mlpTanh);
testArchitecture(mlpRelu);
testArchitecture(mlpGelu);
