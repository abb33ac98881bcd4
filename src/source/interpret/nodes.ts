/**
 * The nodes of a piece of text as the parser has them, as numbers in a row: an object for each would be more to make and to keep
 * than all that is read of them, for most are brackets, commas and types that nobody asks about.
 */
import type { Language } from "@vscode/tree-sitter-wasm";

/** What all nodes of a language have in common, looked up once. */
export interface Vocabulary {
  readonly types: readonly string[];
  readonly isNamed: readonly boolean[];
  /** Whether it is a sign or a word, and there is nothing within it. */
  readonly isToken: readonly boolean[];
  /** Whether it is a sign that says nothing that the nodes around it do not say, where nothing is missing. */
  readonly isSilent: readonly boolean[];
  readonly fields: readonly (string | undefined)[];
}

const silent: readonly string[] = ["(", ")", "[", "]", "{", "}", ",", ".", "=", "=>", '"', "'", "`"];

const vocabularies = new WeakMap<Language, Vocabulary>();

/** As a key of an object, a text is one that the engine compares by its address. */
function interned(text: string): string {
  return Object.keys({ [text]: true })[0] ?? text;
}

export function vocabularyOf(language: Language): Vocabulary {
  let vocabulary = vocabularies.get(language);
  if (vocabulary === undefined) {
    // Tokens are numbered first, then rules, beginning with that of a whole file.
    const firstRule = language.idForNodeType("program", true) ?? language.idForNodeType("module", true) ?? 0;
    vocabulary = {
      types: language.types.map(interned),
      isNamed: language.types.map((_, id) => language.nodeTypeIsNamed(id)),
      isToken: language.types.map((_, id) => id < firstRule),
      isSilent: language.types.map((name) => silent.includes(name)),
      fields: language.fields.map((field) => (field === null ? undefined : interned(field))),
    };
    vocabularies.set(language, vocabulary);
  }
  return vocabulary;
}

/** Where the numbers of a node stand among each other. */
const [typeAt, fieldAt, startAt, endAt, afterAt, flagsAt, width] = [0, 1, 2, 3, 4, 5, 6];

const missing = 1;
const faulty = 2;

/** A node has a place, counted from 0; those within it come after it, in the order of the text. */
export class Nodes {
  readonly #vocabulary: Vocabulary;
  readonly #numbers: Int32Array;

  constructor(vocabulary: Vocabulary, numbers: Int32Array) {
    this.#vocabulary = vocabulary;
    this.#numbers = numbers;
  }

  get count(): number {
    return this.#numbers.length / width;
  }

  #number(place: number, at: number): number {
    return this.#numbers[place * width + at] ?? 0;
  }

  type(place: number): string {
    return this.#vocabulary.types[this.#number(place, typeAt)] ?? "ERROR";
  }

  isNamed(place: number): boolean {
    return this.#vocabulary.isNamed[this.#number(place, typeAt)] ?? true;
  }

  /** What it is of its parent. */
  field(place: number): string | undefined {
    return this.#vocabulary.fields[this.#number(place, fieldAt)];
  }

  /** Offsets in the text. */
  start(place: number): number {
    return this.#number(place, startAt);
  }

  end(place: number): number {
    return this.#number(place, endAt);
  }

  /** The place after all that is within it: that of its next sibling, where it has one. */
  after(place: number): number {
    return this.#number(place, afterAt);
  }

  /** Put in by the parser where the text lacks something. */
  isMissing(place: number): boolean {
    return (this.#number(place, flagsAt) & missing) !== 0;
  }

  /** Whether it, or something within it, does not parse. */
  hasError(place: number): boolean {
    return (this.#number(place, flagsAt) & faulty) !== 0;
  }

  /** The first of the nodes right within one that is a field of it; undefined where there is none. */
  childOf(place: number, field: string): number | undefined {
    const after = this.after(place);
    for (let child = place + 1; child < after; child = this.after(child)) if (this.field(child) === field) return child;
    return undefined;
  }
}

/** Nodes that are being taken down, each before those within it. */
export class NodeList {
  readonly #vocabulary: Vocabulary;
  #numbers = new Int32Array(width * 512);
  #count = 0;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** Gives its place. */
  begin(type: number, field: number, start: number, end: number, isMissing: boolean): number {
    const place = this.#count++;
    const at = place * width;
    if (at === this.#numbers.length) this.#grow();
    const numbers = this.#numbers;
    const isError = (this.#vocabulary.types[type] ?? "ERROR") === "ERROR";
    numbers[at + typeAt] = type;
    numbers[at + fieldAt] = field;
    numbers[at + startAt] = start;
    numbers[at + endAt] = end;
    numbers[at + afterAt] = place + 1;
    numbers[at + flagsAt] = (isMissing ? missing : 0) | (isMissing || isError ? faulty : 0);
    return place;
  }

  #grow(): void {
    const grown = new Int32Array(2 * this.#numbers.length);
    grown.set(this.#numbers);
    this.#numbers = grown;
  }

  /** To be called when all within it are taken down; says whether it, or something within it, does not parse. */
  end(place: number, isFaultyWithin: boolean): boolean {
    const numbers = this.#numbers;
    const at = place * width;
    const flags = (numbers[at + flagsAt] ?? 0) | (isFaultyWithin ? faulty : 0);
    numbers[at + afterAt] = this.#count;
    numbers[at + flagsAt] = flags;
    return (flags & faulty) !== 0;
  }

  /** What was taken down since this was last asked. */
  take(): Nodes {
    const count = this.#count;
    this.#count = 0;
    return new Nodes(this.#vocabulary, this.#numbers.slice(0, count * width));
  }
}
