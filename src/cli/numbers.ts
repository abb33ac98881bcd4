/** Numbers for people: never more digits than anybody should believe. */

/** Four significant digits, as 0.05, 39.87, 1,204 or 1.234e-7; `NaN`, `∞` and `−∞` by name. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return trimExponential(value.toExponential(3));
  return Number(value.toPrecision(4)).toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

/** A whole number with its thousands marked. */
export function formatCount(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString("en-US") : formatNumber(value);
}

/** As 0.8 s, 12 s, 3 min 05 s, 2 h 10 min. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const pad = (part: number) => String(part).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

function trimExponential(text: string): string {
  return text.replace(/\.?0+e/, "e").replace("e+", "e");
}
