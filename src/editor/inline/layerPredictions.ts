/** What is said at a layer before it has run: how large signals are behind it, and how much of the gradient comes to it. */
import type { ModelPredictions } from "../../analyses/beforeRun/beforeRun.ts";
import { activationText } from "../../theory/limits/activationFunctions.ts";
import { signalAtInitialization } from "../../theory/limits/signalAtInitialization.ts";
import { predictedFact } from "./facts.ts";
import type { InlineContext } from "./inlineContext.ts";
import type { InlineDiagnostic, InlineFact, InlineFinding } from "./inlineFinding.ts";
import { lawLink } from "./lawLink.ts";
import { digits } from "./runTexts.ts";

type LayerSignal = ModelPredictions["signal"]["layers"][number];

/** Paragraphs in one hover; of a line that makes more layers, the first and the last are told. */
const mostLayers = 2;

/** Part of the last layer's gradient below which a layer hardly learns, and of the input's size below which there is no signal. */
const vanished = 1e-3;

/** Times the same beyond which they explode. */
const exploded = 1e3;

/** One for each place in the text that makes layers. */
export function layerPredictions({ predictions }: InlineContext): readonly InlineFinding[] {
  return predictions.models.flatMap((each) => {
    const lost = vanishing(each) ?? exploding(each);
    const places = Map.groupBy(each.signal.layers, ({ layer }) => JSON.stringify(layer.range));
    return [...places.values()].flatMap((made) => {
      const [first] = made;
      if (first === undefined) return [];
      const told = made.length > mostLayers ? [first, ...made.slice(-1)] : made;
      return [
        {
          range: first.layer.range,
          facts: told.flatMap(factsOf),
          diagnostic: lost !== undefined && made.includes(lost) ? diagnosticOf(lost) : undefined,
          measured: false,
        },
      ];
    });
  });
}

function factsOf({ layer, activation, rms, gradient }: LayerSignal): InlineFact[] {
  const name = layer.name ?? layer.call;
  const behind = activation === "linear" ? "" : ` behind ${activationText(activation)}`;
  return [
    predictedFact(`${name}: activation RMS${behind}, at initialization`, rms, digits),
    predictedFact(`${name}: gradient, of the last layer's`, gradient, (value) => `×${digits(value)}`),
  ];
}

/** Of a stack that is marked as too deep for its initializers the layers are not marked as well. */
function vanishing({ signal: { layers, usableDepth, depth } }: ModelPredictions): LayerSignal | undefined {
  if (usableDepth?.known === true && depth - 1 > usableDepth.value) return undefined;
  return layers.find(
    ({ rms, gradient }) => (rms.known && rms.high < vanished) || (gradient.known && gradient.high < vanished),
  );
}

function exploding({ signal: { layers, usableDepth, depth } }: ModelPredictions): LayerSignal | undefined {
  if (usableDepth?.known === true && depth - 1 > usableDepth.value) return undefined;
  return layers.find(
    ({ rms, gradient }) => (rms.known && rms.low > exploded) || (gradient.known && gradient.low > exploded),
  );
}

function diagnosticOf({ rms, gradient }: LayerSignal): InlineDiagnostic {
  const isSignal = rms.known && (rms.high < vanished || rms.low > exploded);
  const size = isSignal ? rms.value : gradient.known ? gradient.value : NaN;
  const message = isSignal
    ? size < 1
      ? `Before training the signal has shrunk to a root mean square of ${digits(size)} here: what follows sees next to nothing of the input.`
      : `Before training the signal has grown to a root mean square of ${digits(size)} here.`
    : size < 1
      ? `Before training only ×${digits(size)} of the last layer's gradient comes to this layer, which hardly learns under an optimizer that steps by the gradient's size.`
      : `Before training ×${digits(size)} of the last layer's gradient comes to this layer: a step that suits it is none for the others.`;
  return { severity: "information", message, law: lawLink(signalAtInitialization), fixes: [] };
}
