import { hookLayerClass, type LayersListener } from "./layersHook.ts";
import { loadedCopies, type PackageExports } from "./loadedCopies.ts";
import { hookOptimizers, type OptimizerListener } from "./optimizerHook.ts";

/** Hooks optimizers and layers of every copy of TensorFlow.js, once each, as the copies load. */
export class Copies {
  readonly #listener: OptimizerListener & LayersListener;
  readonly #hooked = new WeakSet();

  constructor(listener: OptimizerListener & LayersListener) {
    this.#listener = listener;
  }

  /** Looks for copies that have come since the last look. */
  look(): void {
    const { cores, layers } = loadedCopies();
    for (const { exports: core } of cores) {
      if (this.#hooked.has(core)) continue;
      this.#hooked.add(core);
      hookOptimizers(core, this.#listener);
      this.#hookRegistration(core);
    }
    for (const each of layers) this.#hookLayers(each.exports);
  }

  #hookLayers(layers: PackageExports): void {
    for (const name of ["Sequential", "LayersModel", "RNN"]) this.#hookClass(layers[name]);
  }

  /** tfjs-layers registers its classes with tfjs-core while it loads, which is before the script can make a layer. */
  #hookRegistration(core: PackageExports): void {
    const map = (core["serialization"] as { SerializationMap?: { register?: unknown } } | undefined)?.SerializationMap;
    const register = map?.register;
    if (map === undefined || typeof register !== "function") return;
    map.register = (layerClass: unknown): unknown => {
      this.#hookClass(layerClass);
      return Reflect.apply(register, map, [layerClass]) as unknown;
    };
  }

  #hookClass(layerClass: unknown): void {
    hookLayerClass(layerClass, this.#listener, this.#hooked);
  }
}
