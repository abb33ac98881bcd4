/** Shortest time between two drawings, in milliseconds: ten a second. */
const interval = 100;

/** Calls `draw` soon after it is asked to, at most ten times a second, however often it is asked. */
export class Redraw {
  readonly #draw: () => void;
  #last = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  request(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#last = performance.now();
        this.#draw();
      },
      Math.max(0, this.#last + interval - performance.now()),
    );
  }
}
