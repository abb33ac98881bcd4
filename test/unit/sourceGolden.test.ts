import { describe, expect, test } from "vitest";
import { asGolden, goldensIn } from "./sourceGoldens.ts";
import { sketchOf } from "./sourceSketches.ts";

describe.each(["python", "javascript", "typescript", "unknown"])(
  "what a person reads off is read off, in %s:",
  (folder) => {
    test.each(goldensIn(folder))("$name", async ({ text, language, expected }) => {
      expect(asGolden(text, await sketchOf(text, language), expected)).toEqual(expected);
    });
  },
);
