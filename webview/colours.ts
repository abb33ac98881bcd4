/** Colours of the editor's theme, as a canvas needs them. */

const palette = {
  blue: "--vscode-charts-blue",
  orange: "--vscode-charts-orange",
  purple: "--vscode-charts-purple",
  green: "--vscode-charts-green",
  red: "--vscode-charts-red",
  yellow: "--vscode-charts-yellow",
} as const;

type Hue = keyof typeof palette;

export interface Colours {
  readonly foreground: string;
  readonly muted: string;
  readonly grid: string;
  readonly background: string;
  readonly warning: string;
  readonly forecast: string;
  readonly highContrast: boolean;
  readonly fontFamily: string;
  /** `place` is the curve's among several of one chart; its name decides where that is absent. */
  series(observable: string, place?: number): string;
}

/** The same observable has the same colour in every run; neighbours differ for colour-blind eyes too. */
const fixed: Readonly<Record<string, Hue>> = {
  "loss/train": "blue",
  "loss/validation": "orange",
  "loss/probe": "purple",
  "sharpness/batch": "orange",
  "sharpness/preconditioned": "purple",
  "gradient/norm": "blue",
  "update/norm": "orange",
};

const others: readonly Hue[] = ["blue", "orange", "purple", "green"];

export function readColours(): Colours {
  const style = getComputedStyle(document.body);
  const read = (name: string, fallback: string) => style.getPropertyValue(name).trim() || fallback;
  const foreground = read("--vscode-foreground", "#808080");
  const highContrast =
    document.body.classList.contains("vscode-high-contrast") ||
    document.body.classList.contains("vscode-high-contrast-light");
  return {
    foreground,
    muted: read("--vscode-descriptionForeground", foreground),
    grid: `color-mix(in srgb, ${foreground} ${highContrast ? "35%" : "14%"}, transparent)`,
    background: read("--vscode-editor-background", "transparent"),
    warning: read("--vscode-charts-red", foreground),
    forecast: read("--vscode-charts-green", foreground),
    highContrast,
    fontFamily: read("--vscode-font-family", "sans-serif"),
    series: (observable, place) =>
      opaque(read(palette[fixed[observable] ?? (place === undefined ? hueOf(observable) : hueAt(place))], foreground)),
  };
}

/** Some themes lend their charts a translucent highlight colour, in which a thin line is hardly seen. */
function opaque(colour: string): string {
  return `rgb(from ${colour} r g b / 1)`;
}

function hueOf(name: string): Hue {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return others[sum % others.length] ?? "blue";
}

function hueAt(place: number): Hue {
  return others[place % others.length] ?? "blue";
}

const markers = ["circle", "triangle", "rect", "rectRot"] as const;

export type Marker = (typeof markers)[number];

/** Colour is never the only difference: neighbours in a chart differ in both, and 16 curves in one of them at least. */
export function markerAt(place: number): Marker {
  return markers[(place + Math.floor(place / markers.length)) % markers.length] ?? "circle";
}

export const thresholdDash = [10, 5];
/** Of null values and of the ends of intervals, which have the colour of what they belong to. */
export const companionDash = [4, 3];
