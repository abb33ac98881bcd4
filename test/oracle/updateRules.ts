/** One step's update of the weights, and the preconditioner that it divided by. */
export interface UpdateRule {
  step(gradient: Float64Array): { readonly update: Float64Array; readonly preconditioner?: Float64Array };
}

export function gradientDescent(rate: number): UpdateRule {
  return { step: (gradient) => ({ update: gradient.map((value) => -rate * value) }) };
}

/** With TensorFlow.js's ε, inside the root. */
export function rmsprop(rate: number, rho: number, epsilon: number): UpdateRule {
  let squares = new Float64Array();
  return {
    step(gradient) {
      squares = gradient.map((value, index) => rho * (squares[index] ?? 0) + (1 - rho) * value ** 2);
      const preconditioner = squares.map((square) => Math.sqrt(square + epsilon));
      return {
        preconditioner,
        update: gradient.map((value, index) => (-rate * value) / (preconditioner[index] ?? NaN)),
      };
    },
  };
}

export function adam(rate: number, beta1: number, beta2: number, epsilon: number): UpdateRule {
  let [mean, squares, count] = [new Float64Array(), new Float64Array(), 0];
  return {
    step(gradient) {
      count += 1;
      mean = gradient.map((value, index) => beta1 * (mean[index] ?? 0) + (1 - beta1) * value);
      squares = gradient.map((value, index) => beta2 * (squares[index] ?? 0) + (1 - beta2) * value ** 2);
      const preconditioner = squares.map((square) => Math.sqrt(square / (1 - beta2 ** count)) + epsilon);
      const update = mean.map(
        (value, index) => (-rate * value) / (1 - beta1 ** count) / (preconditioner[index] ?? NaN),
      );
      return { preconditioner, update };
    },
  };
}
