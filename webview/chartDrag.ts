/** How a pointer and a wheel choose a stretch of a chart. */
export interface Stretch {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface DragTarget {
  /** The plot's area in pixels of `box`. */
  area(): Stretch;
  /** Either side is undefined where the drag was along the other axis only. */
  chosen(horizontal: readonly [number, number] | undefined, vertical: readonly [number, number] | undefined): void;
  /** Undefined once the pointer has left. */
  hover(at: { readonly x: number; readonly y: number } | undefined): void;
  wheel(x: number, y: number, factor: number, vertical: boolean): void;
  reset(): void;
}

/** Pixels below which a drag was a click. */
const shortest = 5;
/** A drag that is this much shorter along one axis than along the other leaves that axis alone. */
const slack = 0.25;

/** Drag chooses, double-click resets, wheel with Ctrl (or pinch) zooms the steps and with Shift as well the values. */
export function listenToPointer(box: HTMLElement, rectangle: HTMLElement, target: DragTarget): void {
  let start: { readonly x: number; readonly y: number } | undefined;

  const at = (event: MouseEvent) => {
    const { left, top } = box.getBoundingClientRect();
    const area = target.area();
    return {
      x: Math.min(area.right, Math.max(area.left, event.clientX - left)),
      y: Math.min(area.bottom, Math.max(area.top, event.clientY - top)),
    };
  };
  const chosen = (from: { x: number; y: number }, to: { x: number; y: number }) => {
    const [width, height] = [Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
    return {
      horizontal: width >= Math.max(shortest, slack * height),
      vertical: height >= Math.max(shortest, slack * width),
    };
  };

  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    start = at(event);
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    const now = at(event);
    target.hover(now);
    if (start === undefined) return;
    const area = target.area();
    const along = chosen(start, now);
    rectangle.hidden = !along.horizontal && !along.vertical;
    const [left, right] = along.horizontal ? [start.x, now.x].toSorted((a, b) => a - b) : [area.left, area.right];
    const [top, bottom] = along.vertical ? [start.y, now.y].toSorted((a, b) => a - b) : [area.top, area.bottom];
    place(rectangle, { left: left ?? 0, right: right ?? 0, top: top ?? 0, bottom: bottom ?? 0 });
  });
  box.addEventListener("pointerup", (event) => {
    if (start === undefined) return;
    const [from, to] = [start, at(event)];
    const along = chosen(from, to);
    start = undefined;
    rectangle.hidden = true;
    if (along.horizontal || along.vertical)
      target.chosen(along.horizontal ? [from.x, to.x] : undefined, along.vertical ? [from.y, to.y] : undefined);
  });
  box.addEventListener("pointercancel", () => {
    start = undefined;
    rectangle.hidden = true;
  });
  box.addEventListener("pointerleave", () => {
    target.hover(undefined);
  });
  box.addEventListener("dblclick", () => {
    target.reset();
  });
  box.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { x, y } = at(event);
      // Browsers turn a wheel with Shift into a horizontal one.
      const turned = event.deltaY === 0 ? event.deltaX : event.deltaY;
      target.wheel(x, y, Math.exp(Math.sign(turned) * Math.min(0.4, Math.abs(turned) / 300)), event.shiftKey);
    },
    { passive: false },
  );
}

export function place(target: HTMLElement, { left, right, top, bottom }: Stretch): void {
  target.style.left = `${left}px`;
  target.style.top = `${top}px`;
  target.style.width = `${right - left}px`;
  target.style.height = `${bottom - top}px`;
}
