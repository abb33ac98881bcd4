/** Classes of the script's own, and what is made of them. */
import type { SourcePosition, SourceRange } from "../places.ts";
import { Closure } from "./closure.ts";
import { Entries } from "./entries.ts";
import type { Given } from "./given.ts";
import type { Memory } from "./memory.ts";
import type { Section } from "./section.ts";
import { Cell, unbound, unknown, type ObjectValue, type Value } from "./value.ts";

interface ClassMaking {
  readonly name: string;
  /** Tells the classes of a text apart. */
  readonly site: number;
  readonly section: Section;
  readonly range: SourceRange;
  readonly statement: SourcePosition;
  readonly bases: readonly Value[];
  /** Methods and values of the class itself. */
  readonly members: Entries;
  /** Makes an instance; without arguments, nothing is known of them but their defaults. */
  make(of: ClassObject, given: Given | undefined): Value;
}

export class ClassObject implements ObjectValue {
  readonly kind = "object";
  readonly making: ClassMaking;
  /** Whether the script itself was seen to make one. */
  instantiated = false;
  /** The last one that was made. */
  instance: Instance | undefined;

  constructor(making: ClassMaking) {
    this.making = making;
  }

  call(given: Given): Value {
    this.instantiated = true;
    for (const each of this.lineage) Cell.watch?.sections.add(each.making.section);
    return this.making.make(this, given);
  }

  member(name: string): Value {
    return this.find(name);
  }

  assign(name: string, value: Value): void {
    this.making.members.assign(name, value);
  }

  /** A method or a value of the class or of the nearest base that has it; unbound where none does. */
  find(name: string): Value {
    const own = this.making.members.get(name);
    if (own.kind !== "unbound") return own;
    for (const base of this.making.bases) {
      const found = base instanceof ClassObject ? base.find(name) : unbound;
      if (found.kind !== "unbound") return found;
    }
    return unbound;
  }

  /** Itself and all classes of the script's that it derives from, nearest first. */
  get lineage(): readonly ClassObject[] {
    const bases = this.making.bases.filter((base) => base instanceof ClassObject);
    return [this, ...bases.flatMap((base) => base.lineage)];
  }

  /** The bases that are not the script's own. */
  get foreignBases(): readonly Value[] {
    return this.lineage.flatMap(({ making }) => making.bases.filter((base) => !(base instanceof ClassObject)));
  }
}

export class Instance implements ObjectValue {
  readonly kind = "object";
  readonly of: ClassObject;
  readonly attributes: Entries;
  /** Answers for what neither it nor its classes have: members that come from a framework's class. */
  readonly #inherited: (instance: Instance, name: string, range: SourceRange) => Value;
  readonly #memory: Memory;
  readonly #called: ((instance: Instance, given: Given) => Value) | undefined;
  handedOver: string | undefined;
  /** Names of attributes that it calls, of which it is not known what they are. */
  readonly strangers = new Set<string>();

  constructor(
    of: ClassObject,
    memory: Memory,
    inherited: (instance: Instance, name: string, range: SourceRange) => Value,
    called?: (instance: Instance, given: Given) => Value,
  ) {
    this.of = of;
    for (const each of of.lineage) each.instance = this;
    this.attributes = new Entries(memory);
    this.#memory = memory;
    this.#inherited = inherited;
    this.#called = called;
  }

  member(name: string, range: SourceRange): Value {
    const own = this.attributes.get(name, range);
    if (this.attributes.has(name)) return own;
    if (name === "__dict__") return this.attributes;
    const found = this.of.find(name);
    if (found instanceof Closure) return found.memberOf(this, range);
    // Among attributes that are not known there may be one in place of a value of the class.
    if (own.kind === "unknown" && (found.kind === "unbound" || found.kind === "scalar")) return own;
    return found.kind === "unbound" ? this.#inherited(this, name, range) : found;
  }

  /** Calls a function of the class that makes it what it is; without arguments, nothing is known of them but their defaults. */
  begin(name: string, given: Given | undefined): boolean {
    const start = this.of.find(name);
    if (!(start instanceof Closure)) return false;
    if (given === undefined) start.bind(this).followAlone();
    else start.bind(this).call(given);
    return true;
  }

  assign(name: string, value: Value): void {
    const ofClass = this.of.find(name);
    // What a function of the class makes of the value is not followed.
    const isSet = ofClass.kind === "unknown" || (ofClass instanceof Closure && ofClass.making.isGetter === true);
    this.attributes.assign(name, isSet ? unknown(`${name} is set by the class`) : value);
  }

  /** Another one with copies of its attributes; `begin` is told of it before any is copied, for they may lead back to it. */
  copied(copy: (value: Value) => Value, begin: (instance: Instance) => void): Instance {
    const other = new Instance(this.of, this.#memory, this.#inherited, this.#called);
    begin(other);
    for (const [name, value] of this.attributes.all) other.assign(name, copy(value));
    if (this.attributes.openness !== undefined) other.attributes.open(this.attributes.openness);
    other.handedOver = this.handedOver;
    return other;
  }

  call(given: Given): Value {
    return this.#called?.(this, given) ?? unbound;
  }

  escape(to: string): void {
    this.handedOver ??= `it is handed to ${to}, which may change its weights`;
    if (this.#called === undefined) this.loseSettings(`handed to ${to}`);
  }

  /** Its numbers and texts may be others from now on. */
  loseSettings(reason: string): void {
    for (const [name, value] of this.attributes.all)
      if (value.kind === "scalar") this.attributes.assign(name, unknown(reason));
    this.attributes.open(reason);
  }
}
