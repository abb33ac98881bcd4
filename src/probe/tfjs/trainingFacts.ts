import type { SourceSite } from "../record.ts";
import { BatchIdentity, fitDataFacts, tracedBatch, type DataFacts } from "./dataFacts.ts";
import type { Evaluation } from "./evaluation.ts";
import { ForwardGraph } from "./forwardGraph.ts";
import type { Journal } from "./journal.ts";
import type { FitArguments, Layer, LayersModel } from "./layersHook.ts";
import { layersModelFacts, variablesFacts, variablesOf } from "./modelFacts.ts";
import { compiledObjective, tracedObjective } from "./objective.ts";
import { initialSignal } from "./observables/initialSignal.ts";
import { logitMeasurement } from "./observables/logits.ts";
import type { Measurement } from "./observables/observable.ts";
import type { Optimizer } from "./optimizerHook.ts";
import { findPrediction, type Prediction } from "./prediction.ts";

/** Recorded evaluations that are compared before "the same batch at every step" is said. */
const compared = 3;

/** Finds out what is trained, on what, and by which loss, and writes it down before the step that it belongs to. */
export class TrainingFacts {
  readonly #journal: Journal;
  readonly #sites = new WeakMap<object, SourceSite>();
  readonly #models = new Set<WeakRef<LayersModel>>();
  readonly #compiled = new WeakMap<Optimizer, LayersModel>();
  readonly #fitted = new WeakMap<Optimizer, DataFacts>();
  readonly #identity = new BatchIdentity();
  readonly #described = new Set<Optimizer | undefined>();
  #objectiveKnown = false;
  #data = "";

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  created(object: Layer | Optimizer, site: SourceSite | undefined): void {
    if (site !== undefined) this.#sites.set(object, site);
    if (isModel(object)) this.#models.add(new WeakRef(object));
  }

  siteOf(object: object): SourceSite | undefined {
    return this.#sites.get(object);
  }

  compiled(model: LayersModel): void {
    if (model.optimizer !== undefined) this.#compiled.set(model.optimizer, model);
  }

  fitting(model: LayersModel, inputs: unknown, args: FitArguments | undefined): void {
    const facts = fitDataFacts(inputs, args);
    if (facts !== undefined && model.optimizer !== undefined) this.#fitted.set(model.optimizer, facts);
  }

  /** Whether the next evaluation is to be recorded only to see whether it reads the same batch as the last one. */
  wantsComparison(optimizer: Optimizer | undefined): boolean {
    const { seen } = this.#identity;
    return seen > 0 && seen < compared && (optimizer === undefined || !this.#fitted.has(optimizer));
  }

  /** Writes `model`, `objective` and `data` records as far as they are known and new, and what must precede the first loss. */
  describe(optimizer: Optimizer | undefined, evaluation: Evaluation): void {
    const { trace } = evaluation;
    const isNew = !this.#described.has(optimizer);
    this.#described.add(optimizer);
    if (isNew) this.#describeModel(optimizer, evaluation);
    const graph = trace === undefined ? undefined : new ForwardGraph(trace);
    const prediction = graph === undefined || this.#objectiveKnown ? undefined : findPrediction(graph);
    if (!this.#objectiveKnown) this.#describeObjective(optimizer, evaluation, graph, prediction);
    this.#describeData(optimizer, graph);
    if (this.#journal.step > 0 || trace === undefined || graph === undefined) return;
    this.#measureLogits(evaluation, graph, prediction);
    this.#writeMeasured(evaluation, () => initialSignal(evaluation.engine, trace));
  }

  #describeModel(optimizer: Optimizer | undefined, { variables }: Evaluation): void {
    const model = this.#modelOf(optimizer, new Set(variables.map(({ id }) => id)));
    const facts =
      model === undefined ? variablesFacts(variables) : layersModelFacts(model, (layer) => this.siteOf(layer));
    this.#journal.write({ t: "model", step: this.#journal.step, ...facts });
  }

  #modelOf(optimizer: Optimizer | undefined, trained: ReadonlySet<number>): LayersModel | undefined {
    const compiled = optimizer === undefined ? undefined : this.#compiled.get(optimizer);
    if (compiled !== undefined) return compiled;
    const holds = (model: LayersModel) => {
      const own = new Set(variablesOf(model).map(({ id }) => id));
      return [...trained].every((id) => own.has(id));
    };
    // The first that was made is the one that the script made itself, and not one that a Sequential wraps.
    return [...this.#models].map((each) => each.deref()).find((model) => model !== undefined && holds(model));
  }

  #describeObjective(
    optimizer: Optimizer | undefined,
    evaluation: Evaluation,
    graph: ForwardGraph | undefined,
    prediction: Prediction | undefined,
  ): void {
    const model = optimizer === undefined ? undefined : this.#compiled.get(optimizer);
    const compiled = model === undefined ? undefined : compiledObjective(model);
    const traced =
      graph === undefined
        ? undefined
        : tracedObjective(evaluation.engine, graph, prediction, evaluation.loss ?? Number.NaN);
    const facts = compiled !== undefined && compiled.kind !== "unknown" ? compiled : (traced ?? compiled);
    if (facts === undefined) return;
    this.#objectiveKnown = true;
    this.#journal.write({ t: "objective", step: this.#journal.step, ...facts });
  }

  #describeData(optimizer: Optimizer | undefined, graph: ForwardGraph | undefined): void {
    const fitted = optimizer === undefined ? undefined : this.#fitted.get(optimizer);
    const facts = fitted ?? (graph === undefined ? undefined : this.#tracedData(graph));
    if (facts === undefined) return;
    const text = JSON.stringify(facts);
    if (text === this.#data) return;
    this.#data = text;
    this.#journal.write({ t: "data", step: this.#journal.step, ...facts });
  }

  #tracedData(graph: ForwardGraph): DataFacts | undefined {
    const batch = tracedBatch(graph);
    if (batch === undefined) return undefined;
    return this.#identity.take(graph, batch) === true
      ? { examples: batch, batch, fullBatch: true, how: "every recorded step read the same input tensors" }
      : { batch, how: "from the tensors that a recorded step read" };
  }

  #measureLogits(evaluation: Evaluation, graph: ForwardGraph, prediction: Prediction | undefined): void {
    const logits = prediction === undefined ? undefined : graph.trace.primal(prediction.value);
    if (prediction === undefined || logits === undefined) return;
    this.#writeMeasured(evaluation, () => logitMeasurement(evaluation.engine, logits, prediction.kind));
  }

  #writeMeasured({ batch }: Evaluation, measure: () => Measurement | undefined): void {
    const { result, seconds } = this.#journal.clock.measure(measure);
    if (result === undefined) return;
    this.#journal.write({
      t: "measure",
      step: 0,
      values: { ...result.values },
      cost: seconds,
      method: result.method,
      ...(batch !== undefined && { sample: batch }),
    });
  }
}

function isModel(object: Layer | Optimizer): object is LayersModel {
  return "makeTrainFunction" in object;
}
