import type { Tensor } from "../../engine.ts";
import { addTangents, UnsupportedKernelError, type RuleContext, type Rules } from "../rule.ts";

/** Along a and b of a product of matrices, the last two axes, either of which may be transposed. */
function product({ kernels, tangent, input, constant, attributes }: RuleContext): Tensor | undefined {
  // WebAssembly transposes for every product; what is recorded can be transposed for all of them at once.
  const isWasm = kernels.backendName === "wasm";
  const recorded = (name: "a" | "b", transposed: boolean) => {
    const matrix = input(name);
    if (!transposed || !isWasm) return { matrix, transposed };
    const rank = matrix.shape.length;
    const permutation = matrix.shape.map((_, axis) =>
      axis < rank - 2 ? axis : axis === rank - 1 ? rank - 2 : rank - 1,
    );
    return { matrix: constant(`${name} transposed`, () => kernels.transpose(matrix, permutation)), transposed: false };
  };
  const [transposeA, transposeB] = [attributes["transposeA"] === true, attributes["transposeB"] === true];
  const along = (name: "a" | "b") => {
    const given = tangent(name);
    if (given === undefined) return undefined;
    if (name === "a") {
      const b = recorded("b", transposeB);
      return kernels.matMul(given, b.matrix, transposeA, b.transposed);
    }
    const a = recorded("a", transposeA);
    return kernels.matMul(a.matrix, given, a.transposed, transposeB);
  };
  return addTangents(kernels, along("a"), along("b"));
}

export const linearAlgebraRules: Rules = {
  BatchMatMul: product,
  _FusedMatMul: (context) => {
    const { kernels, kernelName, tangent, has, output, attributes } = context;
    const activation = attributes["activation"];
    if (activation !== undefined && activation !== null && activation !== "linear") {
      throw new UnsupportedKernelError([kernelName], `with activation ${JSON.stringify(activation)}`);
    }
    const biasTangent = has("bias") ? tangent("bias") : undefined;
    const sum = addTangents(kernels, product(context), biasTangent);
    return sum && kernels.broadcastTo(sum, output.shape);
  },
};
