import type { Attributes, Tensor } from "../../engine.ts";
import type { Kernels } from "../kernels.ts";
import { linearIn, type Rule, type Rules } from "../rule.ts";

/** Derivative of a unary kernel, from its input x and its output y. */
type Derivative = (kernels: Kernels, x: Tensor, y: Tensor, attributes: Attributes) => Tensor;

function unary(derivative: Derivative): Rule {
  return ({ kernels, tangent, input, output, attributes, constant }) => {
    const xTangent = tangent("x");
    return (
      xTangent &&
      kernels.multiply(
        xTangent,
        constant("derivative", () => derivative(kernels, input("x"), output, attributes)),
      )
    );
  };
}

const seluScale = 1.0507009873554805;
const seluScaleAlpha = 1.7580993408473769;

/** 1 for x > 0, else `below` times e^x; the exponential of positive x is never formed, so it cannot overflow. */
function exponentialBelowZero(kernels: Kernels, x: Tensor, above: number, below: number): Tensor {
  const zero = kernels.zerosLike(x);
  const positive = kernels.compare("Greater", x, zero);
  return kernels.select(
    positive,
    kernels.fill(x.shape, above),
    kernels.scale(kernels.exponential(kernels.minimum(x, zero)), below),
  );
}

/** Slope 1 inside [low, high], 0 outside: TensorFlow.js counts both ends as inside. */
function insideInterval(kernels: Kernels, x: Tensor, low: number, high: number): Tensor {
  const [lowest, highest] = [kernels.scalar(low), kernels.scalar(high)];
  return kernels.multiply(
    kernels.indicator(kernels.compare("GreaterEqual", x, lowest)),
    kernels.indicator(kernels.compare("LessEqual", x, highest)),
  );
}

const oneMinusSquare: Derivative = (kernels, _x, y) => kernels.offset(kernels.negate(kernels.square(y)), 1);

/** Unary kernels. At kinks the slope is the one that TensorFlow.js's own gradient takes, so that the Hessian stays symmetric. */
export const elementwiseRules: Rules = {
  Neg: linearIn("x"),
  Tanh: unary(oneMinusSquare),
  Sigmoid: unary((kernels, _x, y) => kernels.multiply(y, kernels.offset(kernels.negate(y), 1))),
  Exp: unary((_kernels, _x, y) => y),
  Expm1: unary((kernels, x) => kernels.exponential(x)),
  Log: unary((kernels, x) => kernels.run("Reciprocal", { x })),
  Log1p: unary((kernels, x) => kernels.run("Reciprocal", { x: kernels.offset(x, 1) })),
  Sqrt: unary((kernels, _x, y) => kernels.divide(kernels.scalar(0.5), y)),
  Rsqrt: unary((kernels, x, y) => kernels.scale(kernels.divide(y, x), -0.5)),
  Square: unary((kernels, x) => kernels.scale(x, 2)),
  Reciprocal: unary((kernels, _x, y) => kernels.negate(kernels.square(y))),
  Erf: unary((kernels, x) =>
    kernels.scale(kernels.exponential(kernels.negate(kernels.square(x))), 2 / Math.sqrt(Math.PI)),
  ),
  Softplus: unary((kernels, x) => kernels.run("Sigmoid", { x })),
  Relu: unary((kernels, x) => kernels.step(x)),
  Relu6: unary((kernels, x) =>
    kernels.multiply(kernels.step(x), kernels.indicator(kernels.compare("LessEqual", x, kernels.scalar(6)))),
  ),
  LeakyRelu: unary((kernels, x, _y, attributes) => kernels.step(x, Number(attributes["alpha"]))),
  Elu: unary((kernels, x) => exponentialBelowZero(kernels, x, 1, 1)),
  Selu: unary((kernels, x) => exponentialBelowZero(kernels, x, seluScale, seluScaleAlpha)),
  Abs: unary((kernels, x) => kernels.step(x, -1)),
  ClipByValue: unary((kernels, x, _y, attributes) =>
    insideInterval(kernels, x, Number(attributes["clipValueMin"]), Number(attributes["clipValueMax"])),
  ),
  Sin: unary((kernels, x) => kernels.run("Cos", { x })),
  Cos: unary((kernels, x) => kernels.negate(kernels.run("Sin", { x }))),
  Tan: unary((kernels, _x, y) => kernels.offset(kernels.square(y), 1)),
  Sinh: unary((kernels, x) => kernels.run("Cosh", { x })),
  Cosh: unary((kernels, x) => kernels.run("Sinh", { x })),
  Asin: unary((kernels, x) => kernels.run("Rsqrt", { x: oneMinusSquare(kernels, x, x, {}) })),
  Acos: unary((kernels, x) => kernels.negate(kernels.run("Rsqrt", { x: oneMinusSquare(kernels, x, x, {}) }))),
  Atan: unary((kernels, x) => kernels.run("Reciprocal", { x: kernels.offset(kernels.square(x), 1) })),
  Asinh: unary((kernels, x) => kernels.run("Rsqrt", { x: kernels.offset(kernels.square(x), 1) })),
  Acosh: unary((kernels, x) => kernels.run("Rsqrt", { x: kernels.offset(kernels.square(x), -1) })),
  Atanh: unary((kernels, x) => kernels.run("Reciprocal", { x: oneMinusSquare(kernels, x, x, {}) })),
  Cast: ({ kernels, tangent }) => {
    const xTangent = tangent("x");
    return xTangent && kernels.alias(xTangent);
  },
  EluGrad: ({ kernels, tangent, input, constant, rerun }) => {
    const [dyTangent, yTangent] = [tangent("dy"), tangent("y")];
    const [alongDy] = dyTangent ? rerun({ dy: dyTangent }) : [];
    if (yTangent === undefined) return alongDy;
    const slope = constant("slope", () => {
      const negative = kernels.indicator(kernels.compare("Less", input("y"), kernels.scalar(0)));
      return kernels.multiply(input("dy"), negative);
    });
    const alongY = kernels.multiply(slope, yTangent);
    return alongDy ? kernels.add(alongDy, alongY) : alongY;
  },
};
