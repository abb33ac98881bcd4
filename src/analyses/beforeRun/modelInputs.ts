/** How large the inputs of a model are taken to be. */
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import type { TrainingSketch } from "../../source/sketch/trainingSketch.ts";
import { oncePer } from "../../theory/oncePer.ts";

/** Mean square of inputs, over units and examples. */
export interface ModelInputs {
  readonly square: number;
  /** Whether the text draws or states them, so that it is no assumption. */
  readonly isRead: boolean;
}

/** Those of standardized data; of pixels from 0 to 1 it is less. */
const standardized: ModelInputs = { square: 1, isRead: false };

/** What all calls that train a model feed it, where the text draws or states it. */
export function inputsOf(trainings: readonly TrainingSketch[]): ModelInputs {
  const [first, ...others] = trainings.map(({ inputSquare }) => (inputSquare.known ? inputSquare.value : undefined));
  return first === undefined || others.some((each) => each !== first) ? standardized : { square: first, isRead: true };
}

/** Numbers that only hold a place tell nothing of those that a model is trained on. */
export function whyNotFed({ square, isRead }: ModelInputs): string | undefined {
  return isRead && square === 0 ? "the text feeds it zeros, which stand for other numbers" : undefined;
}

export function saidOfInputs({ square, isRead }: ModelInputs, otherwise: string): string {
  return isRead ? `Inputs have a mean square of ${Number(square.toPrecision(3))}, as the text makes them.` : otherwise;
}

/** As `oncePer`, of a model's sketch and what it is fed. */
export function oncePerInputs<T>(of: (model: ModelSketch, inputs: ModelInputs) => T) {
  const found = oncePer<ModelSketch, Map<string, { readonly result: T }>>(() => new Map());
  return (model: ModelSketch, inputs: ModelInputs): T => {
    const [known, key] = [found(model), `${inputs.square} ${inputs.isRead}`];
    let made = known.get(key);
    if (made === undefined) known.set(key, (made = { result: of(model, inputs) }));
    return made.result;
  };
}
