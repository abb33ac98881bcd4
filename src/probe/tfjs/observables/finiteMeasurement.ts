import { Unmeasurable, type Measurement } from "./observable.ts";

/** What of a measurement is finite, errors included; what is not is left out of it, and told. */
export function finiteMeasurement(measurement: Measurement): Measurement {
  const { values, error, vectors, omitted = [] } = measurement;
  const broken = [
    ...Object.keys(values).filter((name) => !Number.isFinite(values[name]) || !Number.isFinite(error?.[name] ?? 0)),
    ...Object.keys(vectors ?? {}).filter((name) => !(vectors?.[name] ?? []).every(Number.isFinite)),
  ];
  if (broken.length === 0) return measurement;
  const finite = <T>(of: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(of).filter(([name]) => !broken.includes(name)));
  return {
    ...measurement,
    values: finite(values),
    ...(error !== undefined && { error: finite(error) }),
    ...(vectors !== undefined && { vectors: finite(vectors) }),
    omitted: [...omitted, ...broken.map(notFinite)],
  };
}

function notFinite(name: string): Unmeasurable {
  return new Unmeasurable("value-not-finite", `${name} was left out at some steps: it is no finite number there.`);
}
