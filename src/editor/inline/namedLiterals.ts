/** The numbers of a text that decide what is predicted of it, each with a name. */
import type { SourceRange } from "../../source/places.ts";
import type { Known } from "../../source/sketch/known.ts";
import type { SourceSketch } from "../../source/sketch/sourceSketch.ts";
import type { Hyperparameters } from "../../source/sketch/trainingSketch.ts";
import { literalOf } from "./inlineContext.ts";

export interface NamedLiteral {
  /** As "learning rate" or "units of dense_1". */
  readonly name: string;
  readonly value: number;
  readonly range: SourceRange;
}

const words = {
  learningRate: "learning rate",
  momentum: "momentum",
  beta1: "β₁",
  beta2: "β₂",
  rho: "ρ",
  epsilon: "ε",
  weightDecay: "weight decay",
} as const satisfies Partial<Record<keyof Hyperparameters, string>>;

/** In the order of what they are of: optimizers, trainings, models. A literal that several names lead to has the first of them. */
export function namedLiterals({ optimizers, trainings, models }: SourceSketch): readonly NamedLiteral[] {
  const named: (readonly [string, Known<number> | undefined])[] = [
    ...optimizers.flatMap(({ hyperparameters }) =>
      (Object.keys(words) as (keyof typeof words)[]).map((name) => [words[name], hyperparameters[name]] as const),
    ),
    ...trainings.flatMap(
      ({ batchLimit, epochs }) =>
        [
          ["batch size", batchLimit],
          ["epochs", epochs],
        ] as const,
    ),
    ...models.flatMap(({ layers, residuals }) => [
      ...layers.map((layer) => {
        const known = "units" in layer ? layer.units : layer.kind === "dropout" ? layer.rate : undefined;
        return [`${layer.kind === "dropout" ? "rate" : "units"} of ${layer.name ?? layer.call}`, known] as const;
      }),
      ...residuals.map(({ scale }) => ["factor on a branch", scale] as const),
    ]),
  ];
  const found = new Map<string, NamedLiteral>();
  for (const [name, known] of named) {
    const literal = literalOf(known);
    const key = JSON.stringify(literal?.range);
    if (literal !== undefined && !found.has(key)) found.set(key, { name, value: literal.value, range: literal.range });
  }
  return [...found.values()];
}
