/** Every observable on a transformer, held to a float64 reference. */
import { testArchitecture } from "./architectures/architectureTests.ts";
import { transformer } from "./architectures/transformer.ts";

testArchitecture(transformer);
