const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** Four significant digits, and never a zero for what is only small. */
export function valueText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const digits =
    size !== 0 && (size >= 1e5 || size < 1e-3) ? exponentText(value) : String(Number.parseFloat(value.toPrecision(4)));
  return digits.replaceAll("-", "−");
}

function exponentText(value: number): string {
  const [mantissa = "", exponent = ""] = value.toExponential(3).split("e");
  return `${String(Number.parseFloat(mantissa))}e${exponent.replace("+", "")}`;
}

/** A value of which NaN says that there is none. */
export function optionalText(value: number): string {
  return Number.isNaN(value) ? "–" : valueText(value);
}

/** By how much a value may be off, to two digits. */
export function boundText(bound: number): string {
  return valueText(Number(bound.toPrecision(2)));
}

/** A score, to a thousandth. */
export function scoreText(score: number): string {
  return Number.isFinite(score) ? valueText(Number(score.toFixed(3))) : optionalText(score);
}

/** Steps and other counts, in groups of three digits. */
export function countText(count: number): string {
  return grouped.format(count);
}

export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest} h` : `${minutes}:${rest} min`;
}
