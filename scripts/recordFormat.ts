/** `npm run docs`: writes `docs/recordFormat.md` from the schemas in `src/probe/record.ts`. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod";
import { controlSchema, latestStepsLayout, longestLine, protocolVersion, recordSchema } from "../src/probe/record.ts";

export const recordFormatPath = path.join(path.dirname(import.meta.dirname), "docs", "recordFormat.md");

interface Schema {
  readonly type?: string;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
}

function describe(schema: Schema): string {
  if (schema.const !== undefined) return `\`"${schema.const}"\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`"${value}"\``).join(" or ");
  if (schema.anyOf !== undefined) return schema.anyOf.map(describe).join(" or ");
  if (schema.type === "array") return `list of (${describe(schema.items ?? {})})`;
  if (schema.properties !== undefined) return `{ ${fields(schema).join("; ")} }`;
  if (typeof schema.additionalProperties === "object") return `name → (${describe(schema.additionalProperties)})`;
  return schema.type ?? "anything";
}

function fields(schema: Schema): string[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).map(
    ([name, field]) => `${name}${required.has(name) ? "" : "?"}: ${describe(field)}`,
  );
}

function table(schema: Schema, discriminator: string): string {
  const required = new Set(schema.required);
  const rows = Object.entries(schema.properties ?? {})
    .filter(([name]) => name !== discriminator)
    .map(([name, field]) => `| \`${name}\` | ${required.has(name) ? "always" : "where known"} | ${describe(field)} |`);
  return ["| field | present | type |", "|---|---|---|", ...rows].join("\n");
}

function sections(schema: z.ZodType, discriminator: string): string {
  const { oneOf } = z.toJSONSchema(schema, { io: "input" }) as Schema;
  return (oneOf ?? [])
    .map((kind) => {
      const body = table(kind, discriminator);
      const heading = `### \`${kind.properties?.[discriminator]?.const ?? ""}\``;
      return body.split("\n").length > 2 ? `${heading}\n\n${body}\n` : `${heading}\n\nNo other field.\n`;
    })
    .join("\n");
}

export function recordFormat(): string {
  return `# Record format, version ${protocolVersion}

Written by \`npm run docs\` from \`src/probe/record.ts\`; a test holds the two together.

A run's \`spool.jsonl\` is UTF-8 JSON, one object a line, at most ${longestLine} bytes a line. Numbers that JSON lacks travel as
the strings \`"NaN"\`, \`"Infinity"\` and \`"-Infinity"\`. \`step\` counts optimizer steps completed before the value was taken:
the loss at step 0 is the loss at initialization. \`time\` is in seconds since the run began. Readers ignore kinds and
fields that they do not know; a line that is no record is counted, reported and skipped.

## Lines of \`spool.jsonl\`, by \`t\`

${sections(recordSchema, "t")}
## Lines of \`control.jsonl\`, by \`do\`

${sections(controlSchema, "do")}
## \`latest-steps.bin\`

Where steps are quick, a probe may hold the latest of them back for some moments, and write their lines together. They lie in this
file beside the spool meanwhile, so that they are not lost with the process: whoever finds that it has ended, and has left the
file, appends the lines of those that the spool lacks, and removes it. Numbers are doubles, little-endian.

| bytes | number |
|---|---|
| 0 | bytes of the spool behind which the steps come; not a number where none is held back |
| 8 | the number of the first step |
| 16 | \`time\` at which the step before it ended |
| ${latestStepsLayout.head} + ${latestStepsLayout.width} k | \`time\` at which step k of them ended |
| 8 further | its \`loss/train\` |
| 16 further | its \`optimizer/learningRate\` |
| 24 further | its number; the last step is that after which the numbers do not go on |

Its \`step/seconds\` are those since the one before it.

## \`weights.bin\`

The latest weights, at steps a tenth apart, of which the first is at least half the last, as many as take up to 16 MiB. A run that
began at the same weights is compared with them (\`connectivity/barrier@run\`). A line of JSON, then the weights of one step after the other,
flat, as little-endian float32.

| field | what |
|---|---|
| \`version\` | 1 |
| \`first\` | SHA-256 of the weights that the run began at, as float32 |
| \`count\` | numbers in the weights of a step |
| \`steps\` | optimizer steps completed at each of the weights, ascending |
`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(recordFormatPath, recordFormat());
