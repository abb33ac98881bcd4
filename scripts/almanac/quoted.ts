import { ofRealData, quotedNumbers } from "../../test/oracle/quoted/allQuoted.ts";
import { isFoundAgain, type QuotedNumber } from "../../test/oracle/quoted/quotedNumber.ts";
import { haveRealData } from "../../test/oracle/support/realData.ts";

export interface FoundAgain {
  readonly law: string;
  readonly numbers: readonly QuotedNumber[];
}

/** All that is quoted, found again; of real measurements where they are there. */
export function foundAgain(): FoundAgain[] {
  return Object.entries(quotedNumbers)
    .filter(([law]) => haveRealData || !ofRealData.includes(law))
    .map(([law, find]) => ({ law, numbers: find() }));
}

/** What was not found again, in words. */
export function notFoundAgain(all: readonly FoundAgain[]): string[] {
  return all.flatMap(({ law, numbers }) =>
    numbers
      .filter((each) => !isFoundAgain(each))
      .map(
        ({ what, by, quoted, found }) => `${law} ${what}: ${number(found)} by ${by}, and ${number(quoted)} is quoted`,
      ),
  );
}

/** `docs/almanac/quoted.md` */
export function quotedPage(all: readonly FoundAgain[]): string {
  const rows = all.flatMap(({ law, numbers }) =>
    numbers.map(({ what, by, quoted, within, found }) => {
      const cells = [law, what, by, `${number(quoted)} ± ${number(within)}`, number(found)];
      return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    }),
  );
  return `# Quoted numbers

Written by \`npm run almanac quoted\`. Numbers that are quoted for the laws, found again by theory's own code, and by experiments in float64 that share no code with it: those of \`test/oracle/quoted\`, where it is said why each may be off by as much.

| law | of | by | quoted | found |
|---|---|---|---|---|
${rows.join("\n")}
`;
}

function number(value: number): string {
  return String(Number(value.toPrecision(5)));
}
