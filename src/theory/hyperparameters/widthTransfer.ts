/**
 * What a change of width asks for in the maximal-update parametrization (μP), so that the best learning rate stays the same and
 * every layer goes on learning. Pure arithmetic: factors on what a base network uses.
 *
 * With i and o the factors by which a layer's inputs and units grow (1 on a side that is data or classes), the readout's outputs divided
 * by i, and c = √(variance of fresh weights):
 *
 *                    c        learning rate, Adam   learning rate, descent   ε, Adam
 *   input            1        1                     o                        1/o
 *   hidden           1/√i     1/i                   o/i                      1/o
 *   readout          1        1                     i                        1/i
 *   bias, gain       1        1                     o                        1/o      of a layer whose units grow
 *   readout's bias   1        1                     1                        1
 *
 * The same network without the division has for its readout c/i, the rate 1/i and ε 1 (Adam), or the rate 1/i (descent). In both, a fresh
 * matrix and its change have spectral norms in proportion to √(units/inputs). Weight decay keeps η·λ.
 *
 * Sources: Yang et al. 2022, tables 3 and 8; Yang, Simon and Bernstein 2023, eq. 1 (spectral norms); Kosson et al. 2025 and Dey et
 * al. 2025, table 1 (η·λ). ε follows from the gradients, which shrink as it does. Checked here in float64, see the test: how much five
 * steps change layers, outputs and the hidden matrix' spectral norm goes with width^±0.15 or less from 32 to 256, where one rate for all
 * gives exponents of 0.9, 1.3 and 1.0 under Adam.
 */

/** Under Adam an update has the size of its learning rate; under descent that of the gradient as well. */
export type UpdateKind = "adaptive" | "descent";

/**
 * `input`: inputs are data, units grow. `hidden`: both grow. `readout`: inputs grow, units are the outputs. `vector`: a bias or a gain
 * of a layer whose units grow. `fixed`: what does not grow, as the readout's bias.
 */
export type LayerRole = "input" | "hidden" | "readout" | "vector" | "fixed";

/** Factors on what the base network uses; 1 leaves it as it is. */
export interface LayerChange {
  /** Standard deviation of fresh weights. An initialization in proportion to 1/√inputs has a hidden layer's factor already. */
  readonly initialScale: number;
  readonly learningRate: number;
  /** What the layer's product is multiplied by. */
  readonly multiplier: number;
  /** λ of a decay that takes η·λ of a weight a step: decoupled, or, under descent, added to the gradient. */
  readonly weightDecay: number;
  /** Added to Adam's root; without a meaning under descent. */
  readonly epsilon: number;
}

/** Growth of a layer's two sides. */
export interface Growth {
  readonly inputs: number;
  readonly units: number;
}

/**
 * What a layer needs in a network whose widths have grown, with the readout divided by its growth.
 *
 * @param growth factors on the layer's inputs and units; only those that the role says grow are looked at
 */
export function transferWidth(update: UpdateKind, role: LayerRole, { inputs, units }: Growth): LayerChange {
  switch (role) {
    case "input":
    case "vector":
      return change({ learningRate: update === "adaptive" ? 1 : units, epsilon: 1 / units });
    case "hidden":
      return change({
        initialScale: 1 / Math.sqrt(inputs),
        learningRate: (update === "adaptive" ? 1 : units) / inputs,
        epsilon: 1 / units,
      });
    case "readout":
      return change({ learningRate: update === "adaptive" ? 1 : inputs, multiplier: 1 / inputs, epsilon: 1 / inputs });
    case "fixed":
      return change({});
  }
}

function change({
  initialScale = 1,
  learningRate = 1,
  multiplier = 1,
  epsilon = 1,
}: Partial<Omit<LayerChange, "weightDecay">>): LayerChange {
  return { initialScale, learningRate, multiplier, weightDecay: 1 / learningRate, epsilon };
}

/**
 * The same layer without its multiplier, which fresh weights, rates and ε take up instead: for scripts in which nothing but these can be
 * set. Source: Yang and Hu 2021, sec. 3.1 (abc-symmetry).
 */
export function withoutMultiplier(update: UpdateKind, layer: LayerChange): LayerChange {
  const { multiplier } = layer;
  return change({
    initialScale: layer.initialScale * multiplier,
    learningRate: layer.learningRate * (update === "adaptive" ? multiplier : multiplier ** 2),
    epsilon: layer.epsilon / multiplier,
  });
}
