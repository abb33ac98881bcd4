/** How many trained parameters a model has, by the conventions of its framework. */
import { derived, ofFramework, unstated, type Known } from "./known.ts";
import type { LayerSketch, RecurrentLayer } from "./layerSketch.ts";
import type { ModelSketch } from "./modelSketch.ts";

/**
 * Trained parameters, weights that layers share counted once; moving averages of a normalization are not trained. Unknown, with the
 * reason, where one layer's are, or where layers may be missing.
 */
export function parameterCount(model: ModelSketch): Known<number> {
  if (!model.complete.known) return model.complete;
  const counts = model.layers.filter(({ sharedWith }) => sharedWith === undefined).map(layerParameterCount);
  const sum = derived([ofFramework(0), ...counts], (values) => values.reduce((one, other) => one + other, 0));
  return sum.known && model.complete.basis === "default" ? { ...sum, basis: "default" } : sum;
}

/** Trained parameters of one layer, whether or not it shares them with another one. */
function layerParameterCount(layer: LayerSketch): Known<number> {
  switch (layer.kind) {
    case "dense":
      return derived(
        [layer.inputs, layer.units, asNumber(layer.bias)],
        ([n = 0, units = 0, bias = 0]) => (n + bias) * units,
      );
    case "convolution": {
      const window = mapped(layer.kernelSize, (sizes) => sizes.reduce((product, each) => product * each, 1));
      return derived(
        [window, layer.inputs, layer.units, layer.groups, asNumber(layer.bias)],
        ([places = 0, n = 0, units = 0, groups = 1, bias = 0]) => ((places * n) / groups + bias) * units,
      );
    }
    case "embedding":
      return derived([layer.inputs, layer.units], ([n = 0, units = 0]) => n * units);
    case "normalization":
      return derived(
        [layer.inputs, asNumber(layer.scale), asNumber(layer.center)],
        ([n = 0, scale = 0, center = 0]) => n * (scale + center),
      );
    case "recurrent":
      return recurrentCount(layer);
    case "attention":
      // One projection each for queries, keys, values and the output, of shapes [units, inputs].
      return derived(
        [layer.units, layer.keyInputs, layer.valueInputs, asNumber(layer.bias)],
        ([units = 0, keys = 0, values = 0, bias = 0]) => units * (2 * units + keys + values + 4 * bias),
      );
    case "activation":
      return layer.slopes;
    case "parameter":
      return mapped(layer.shape, (shape) => shape.reduce((product, each) => product * each, 1));
    case "other":
      if (layer.weightless) return ofFramework(0);
      return layer.parameters ?? unstated(`the weights of ${layer.call} are not known`, layer.range);
    case "dropout":
    case "pooling":
    case "reshape":
    case "merge":
      return ofFramework(0);
  }
}

const gatesOf: Record<RecurrentLayer["cell"], number> = { simple: 1, lstm: 4, gru: 3 };

function recurrentCount(layer: RecurrentLayer): Known<number> {
  const gates = gatesOf[layer.cell];
  return derived(
    [layer.inputs, layer.units, layer.layers, asNumber(layer.bidirectional), asNumber(layer.bias)],
    ([n = 0, units = 0, layers = 1, both = 0, bias = 0]) => {
      const directions = 1 + both;
      const biases = bias * layer.biasesPerGate;
      const first = gates * units * (n + units + biases);
      const later = gates * units * (directions * units + units + biases);
      return directions * (first + (layers - 1) * later);
    },
  );
}

function asNumber(known: Known<boolean>): Known<number> {
  return mapped(known, Number);
}

function mapped<T>(known: Known<T>, value: (given: T) => number): Known<number> {
  return known.known ? { ...known, value: value(known.value) } : known;
}
