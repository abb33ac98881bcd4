import { addTangents, bilinearIn, UnsupportedKernelError, type Rules } from "../rule.ts";

export const linearAlgebraRules: Rules = {
  BatchMatMul: bilinearIn("a", "b"),
  _FusedMatMul: ({ kernels, kernelName, tangent, input, has, output, attributes }) => {
    const activation = attributes["activation"];
    if (activation !== undefined && activation !== null && activation !== "linear") {
      throw new UnsupportedKernelError([kernelName], `with activation ${JSON.stringify(activation)}`);
    }
    const product = (a: ReturnType<typeof input>, b: ReturnType<typeof input>) =>
      kernels.matMul(a, b, attributes["transposeA"] === true, attributes["transposeB"] === true);
    const [aTangent, bTangent] = [tangent("a"), tangent("b")];
    const biasTangent = has("bias") ? tangent("bias") : undefined;
    return addTangents(
      kernels,
      aTangent && product(aTangent, input("b")),
      bTangent && product(input("a"), bTangent),
      biasTangent && kernels.broadcastTo(biasTangent, output.shape),
    );
  },
};
