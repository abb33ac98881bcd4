/**
 * What a section of the coverage document says of some of its backends, as if it were of no others; undefined where it is not of all
 * of them.
 */
export function ofBackends(section: string, wanted: readonly string[]): string | undefined {
  const documented = /^\| of the network \| (.*) \|$/m.exec(section)?.[1]?.split(" | ") ?? [];
  const places = wanted.map((backend) => documented.indexOf(backend));
  if (places.includes(-1)) return undefined;
  const some = (cells: readonly string[]) => places.map((place) => cells[place] ?? "");
  let isOfLayers = false;
  return section
    .split("\n")
    .map((line) => {
      if (!line.startsWith("|")) return line;
      isOfLayers ||= line.startsWith("| of a layer ");
      if (isOfLayers) return inCells(line, (cells) => cells.map((cell) => ofSome(cell, some)));
      if (line.startsWith("|-")) return `|${"---|".repeat(wanted.length + 1)}`;
      return inCells(line, ([name = "", ...cells]) => [name, ...some(cells)]);
    })
    .join("\n");
}

function inCells(line: string, change: (cells: readonly string[]) => readonly string[]): string {
  return line.startsWith("|-") ? line : `| ${change(line.slice(2, -2).split(" | ")).join(" | ")} |`;
}

/** One text stands for all backends. */
function ofSome(cell: string, some: (texts: readonly string[]) => readonly string[]): string {
  const texts = cell.split(" / ");
  if (texts.length === 1) return cell;
  const chosen = some(texts);
  return new Set(chosen).size === 1 ? (chosen[0] ?? "") : chosen.join(" / ");
}
