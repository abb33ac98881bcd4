import type { Engine, Tensor } from "../engine.ts";

/** Beyond this many bytes, what does not fit is computed anew for every product. */
const mostBytes = 256 * 1024 * 1024;

/**
 * What tangent rules compute from recorded values alone: masks, slopes, transposes. The many products at one set of weights
 * share it.
 */
export class Constants {
  readonly #engine: Engine;
  readonly #kept = new Map<object, Map<string, Tensor>>();
  #bytes = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * @param owner what the name belongs to.
   * @param make is called where nothing is kept under that name; what it gives is float32 or int32.
   */
  get(owner: object, name: string, make: () => Tensor): Tensor {
    const known = this.#kept.get(owner)?.get(name);
    if (known !== undefined) return known;
    const made = make();
    const bytes = 4 * made.size;
    // A recorded value itself, which somebody else keeps.
    if (made.kept === true || this.#bytes + bytes > mostBytes) return made;
    this.#bytes += bytes;
    const named = this.#kept.get(owner) ?? new Map<string, Tensor>();
    this.#kept.set(owner, named.set(name, this.#engine.keep(made)));
    return made;
  }

  /** Frees all that is kept. */
  dispose(): void {
    for (const named of this.#kept.values()) for (const tensor of named.values()) tensor.dispose();
    this.#kept.clear();
    this.#bytes = 0;
  }
}
