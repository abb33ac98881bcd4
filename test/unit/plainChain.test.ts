import { describe, expect, it } from "vitest";
import type { ModelFacts } from "../../src/theory/facts.ts";
import { plainChain } from "../../src/theory/limits/plainChain.ts";

/** Two dense layers, and what is between them. */
function around(kind: string, activation?: string): ModelFacts {
  const dense = (path: string) => ({ path, kind: "Linear", parameterShapes: [[8, 8], [8]], parameters: 72 });
  const between = { path: "between", kind, parameterShapes: [], parameters: 0, activation };
  return { id: "model", parameters: 144, depth: 2, width: 8, modules: [dense("first"), between, dense("last")] };
}

describe("a stack of dense layers", () => {
  it.each(["Tanh", "ReLU", "SiLU", "SELU"])("has the function of a module %s, which is always the same", (kind) => {
    const chain = plainChain(around(kind));
    expect("layers" in chain && chain.layers[0]?.activation).toBe(kind.toLowerCase());
  });

  it.each(["ELU", "CELU", "Softplus", "LeakyReLU"])(
    "is not known where %s has a setting that was not recorded",
    (kind) => {
      expect(plainChain(around(kind))).toEqual({ obstacle: `between (${kind})` });
    },
  );

  it("is that of a rectifier that is cut off, where it is", () => {
    const chain = plainChain(around("ReLU", "relu6"));
    expect("layers" in chain && chain.layers[0]?.activation).toBe("relu6");
    expect(plainChain(around("ReLU", "relu2"))).toEqual({ obstacle: "between (ReLU)" });
  });
});
