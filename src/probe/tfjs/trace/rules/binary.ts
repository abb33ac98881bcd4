import type { Tensor } from "../../engine.ts";
import type { Kernels } from "../kernels.ts";
import { addTangents, bilinearIn, linearInAll, type Rule, type Rules } from "../rule.ts";

/** Partial derivatives of a binary kernel, in the broadcast shape of its output. */
interface Partials {
  a(kernels: Kernels, a: Tensor, b: Tensor, output: Tensor): Tensor;
  b(kernels: Kernels, a: Tensor, b: Tensor, output: Tensor): Tensor;
}

function binary(partials: Partials): Rule {
  return ({ kernels, tangent, input, output }) => {
    const [a, b, aTangent, bTangent] = [input("a"), input("b"), tangent("a"), tangent("b")];
    return addTangents(
      kernels,
      aTangent && kernels.multiply(partials.a(kernels, a, b, output), aTangent),
      bTangent && kernels.multiply(partials.b(kernels, a, b, output), bTangent),
    );
  };
}

/** Broadcasts a tangent to the kernel's output, whose other operand may be the wider one. */
function widened(kernels: Kernels, tangent: Tensor | undefined, output: Tensor): Tensor | undefined {
  return tangent && kernels.broadcastTo(tangent, output.shape);
}

/** Maximum and Minimum give their whole derivative to `a` where both are equal, as TensorFlow.js's own gradients do. */
function extremum(aWins: "GreaterEqual" | "LessEqual", bWins: "Less" | "Greater"): Rule {
  return binary({
    a: (kernels, a, b) => kernels.indicator(kernels.compare(aWins, a, b)),
    b: (kernels, a, b) => kernels.indicator(kernels.compare(bWins, a, b)),
  });
}

/** b·a^(b−1), and 0 for b = 0 whatever a is: 0·a^(−1) would be NaN at a = 0. */
function powerInBase(kernels: Kernels, a: Tensor, b: Tensor, output: Tensor): Tensor {
  const exponent = kernels.broadcastTo(b, output.shape);
  const zero = kernels.zerosLike(output);
  const slope = kernels.multiply(exponent, kernels.run("Pow", { a, b: kernels.offset(b, -1) }));
  return kernels.select(kernels.compare("Equal", exponent, zero), zero, slope);
}

/** a^b·ln a, and 0 where a ≤ 0, as TensorFlow.js's own gradient has it. */
function powerInExponent(kernels: Kernels, a: Tensor, _b: Tensor, output: Tensor): Tensor {
  const base = kernels.broadcastTo(a, output.shape);
  const zero = kernels.zerosLike(output);
  const slope = kernels.multiply(output, kernels.run("Log", { x: base }));
  return kernels.select(kernels.compare("Greater", base, zero), slope, zero);
}

export const binaryRules: Rules = {
  Add: ({ kernels, tangent, output }) =>
    addTangents(kernels, widened(kernels, tangent("a"), output), widened(kernels, tangent("b"), output)),
  AddN: linearInAll,
  Sub: ({ kernels, tangent, output }) => {
    const bTangent = tangent("b");
    return addTangents(
      kernels,
      widened(kernels, tangent("a"), output),
      widened(kernels, bTangent && kernels.negate(bTangent), output),
    );
  },
  Multiply: bilinearIn("a", "b"),
  RealDiv: binary({
    a: (kernels, a, b) => kernels.broadcastTo(kernels.run("Reciprocal", { x: b }), broadcastShape(a, b)),
    b: (kernels, _a, b, output) => kernels.negate(kernels.divide(output, b)),
  }),
  Maximum: extremum("GreaterEqual", "Less"),
  Minimum: extremum("LessEqual", "Greater"),
  SquaredDifference: binary({
    a: (kernels, a, b) => kernels.scale(kernels.subtract(a, b), 2),
    b: (kernels, a, b) => kernels.scale(kernels.subtract(b, a), 2),
  }),
  Pow: binary({ a: powerInBase, b: powerInExponent }),
  Atan2: binary({
    a: (kernels, a, b) => kernels.divide(b, kernels.add(kernels.square(a), kernels.square(b))),
    b: (kernels, a, b) => kernels.negate(kernels.divide(a, kernels.add(kernels.square(a), kernels.square(b)))),
  }),
  Mod: binary({
    a: (kernels, _a, _b, output) => kernels.fill(output.shape, 1),
    b: (kernels, a, b) => kernels.negate(kernels.run("Floor", { x: kernels.divide(a, b) })),
  }),
  Prelu: ({ kernels, tangent, input }) => {
    const [x, alpha, xTangent, alphaTangent] = [input("x"), input("alpha"), tangent("x"), tangent("alpha")];
    const positive = kernels.step(x);
    const negative = kernels.offset(kernels.negate(positive), 1);
    const slope = kernels.add(positive, kernels.multiply(negative, alpha));
    return addTangents(
      kernels,
      xTangent && kernels.multiply(xTangent, slope),
      alphaTangent && kernels.multiply(kernels.multiply(negative, x), alphaTangent),
    );
  },
  Select: ({ kernels, tangent, input, rerun }) => {
    const [whereTrue, whereFalse] = [tangent("t"), tangent("e")];
    if (whereTrue === undefined && whereFalse === undefined) return undefined;
    return rerun({
      t: whereTrue ?? kernels.zerosLike(input("t")),
      e: whereFalse ?? kernels.zerosLike(input("e")),
    });
  },
};

function broadcastShape(a: Tensor, b: Tensor): number[] {
  const rank = Math.max(a.shape.length, b.shape.length);
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(a.shape[axis - rank + a.shape.length] ?? 1, b.shape[axis - rank + b.shape.length] ?? 1),
  );
}
