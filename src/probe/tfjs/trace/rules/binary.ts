import type { Tensor } from "../../engine.ts";
import type { Kernels } from "../kernels.ts";
import { addTangents, bilinearIn, type Rule, type Rules } from "../rule.ts";

/** Partial derivatives of a binary kernel, in the broadcast shape of its output. */
interface Partials {
  a(kernels: Kernels, a: Tensor, b: Tensor, output: Tensor): Tensor;
  b(kernels: Kernels, a: Tensor, b: Tensor, output: Tensor): Tensor;
}

function binary(partials: Partials): Rule {
  return ({ kernels, tangent, input, output, constant }) => {
    const along = (name: "a" | "b") => {
      const given = tangent(name);
      const partial = () => constant(name, () => partials[name](kernels, input("a"), input("b"), output));
      return given && kernels.multiply(partial(), given);
    };
    return addTangents(kernels, along("a"), along("b"));
  };
}

/** A sum's or difference's only tangent, broadcast to the kernel's output: the other operand may be the wider one. */
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
  Add: ({ kernels, tangent, output }) => {
    const [a, b] = [tangent("a"), tangent("b")];
    return a && b ? kernels.add(a, b) : widened(kernels, a ?? b, output);
  },
  AddN: ({ kernels, inputNames, tangent }) => addTangents(kernels, ...inputNames.map((name) => tangent(name))),
  Sub: ({ kernels, tangent, output }) => {
    const [a, b] = [tangent("a"), tangent("b")];
    return a && b ? kernels.subtract(a, b) : widened(kernels, a ?? (b && kernels.negate(b)), output);
  },
  Multiply: bilinearIn("a", "b"),
  RealDiv: ({ kernels, tangent, input, output, constant }) => {
    const [a, b] = [tangent("a"), tangent("b")];
    const slope = () => constant("slope", () => kernels.negate(kernels.divide(output, input("b"))));
    return addTangents(kernels, a && kernels.divide(a, input("b")), b && kernels.multiply(slope(), b));
  },
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
  Prelu: ({ kernels, tangent, input, constant }) => {
    const [x, alpha, xTangent, alphaTangent] = [input("x"), input("alpha"), tangent("x"), tangent("alpha")];
    const negative = () => kernels.offset(kernels.negate(kernels.step(x)), 1);
    const slope = () => kernels.add(kernels.step(x), kernels.multiply(negative(), alpha));
    const negativePart = () => kernels.multiply(negative(), x);
    return addTangents(
      kernels,
      xTangent && kernels.multiply(xTangent, constant("slope", slope)),
      alphaTangent && kernels.multiply(constant("negativePart", negativePart), alphaTangent),
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
