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
  series(observable: string): string;
}

/** The same observable has the same colour in every run; neighbours differ for colour-blind eyes too. */
const fixed: Readonly<Record<string, Hue>> = {
  "loss/train": "blue",
  "loss/validation": "orange",
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
    series: (observable) => opaque(read(palette[fixed[observable] ?? hueOf(observable)], foreground)),
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

/** Dashes and markers by place within a chart, so that colour is never the only difference. */
export const strokes = [
  { dash: [], marker: "circle" },
  { dash: [6, 3], marker: "triangle" },
  { dash: [2, 2], marker: "rect" },
  { dash: [8, 3, 2, 3], marker: "rectRot" },
] as const;

export const thresholdDash = [10, 5];
