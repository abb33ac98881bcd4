import "@vscode-elements/elements/dist/vscode-checkbox/index.js";
import "@vscode-elements/elements/dist/vscode-textfield/index.js";
import { element, setAttribute, setChildren, setText } from "./dom.ts";
import { baseLabel, byImportance, familyPlace, familyTitle } from "./observableLabel.ts";
import { readName } from "./observableName.ts";

type Box = HTMLElementTagNameMap["vscode-checkbox"];

interface Row {
  readonly box: Box;
  readonly family: string;
  /** What the filter looks through. */
  text: string;
}

/** Which observables are shown: one box for all layers of a quantity, by family, narrowed by typing. */
export class ObservablePicker {
  readonly root: HTMLElement;
  readonly #choose: (shown: readonly string[]) => void;
  readonly #summary = element("summary", {});
  readonly #filter = element("vscode-textfield", { type: "search", class: "filter", placeholder: "Filter" });
  readonly #groups = element("div", { class: "families" });
  readonly #nothing = element("p", { class: "empty", role: "status" });
  readonly #rows = new Map<string, Row>();
  readonly #families = new Map<string, { readonly root: HTMLElement; readonly boxes: HTMLElement }>();
  #shown: readonly string[] = [];

  constructor(choose: (shown: readonly string[]) => void) {
    this.#choose = choose;
    // A property without an attribute.
    this.#filter.label = "Filter observables";
    this.#filter.addEventListener("input", () => {
      this.#narrow();
    });
    this.#filter.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.#filter.value === "") return;
      this.#filter.value = "";
      this.#narrow();
      event.preventDefault();
    });
    this.root = element("details", { class: "observables" }, this.#summary, this.#filter, this.#groups, this.#nothing);
  }

  update(shown: readonly string[], names: readonly string[]): void {
    this.#shown = shown;
    const layers = new Map<string, Set<string>>();
    for (const name of names) {
      const { base, where } = readName(name);
      const known = layers.get(base) ?? new Set();
      layers.set(base, where === "" ? known : known.add(where));
    }
    const bases = [...layers.keys()].toSorted(byImportance);
    for (const base of bases) this.#label(base, layers.get(base) ?? new Set());
    const families = [...new Set(bases.map(familyTitle))].toSorted(
      (one, other) => familyPlace(one) - familyPlace(other),
    );
    setChildren(
      this.#groups,
      families.map((title) => {
        const family = this.#family(title);
        const own = bases.filter((base) => familyTitle(base) === title);
        setChildren(
          family.boxes,
          own.flatMap((base) => this.#rows.get(base)?.box ?? []),
        );
        return family.root;
      }),
    );
    const count = bases.filter((base) => shown.includes(base)).length;
    setText(this.#summary, `Observables (${String(count)} of ${String(bases.length)})`);
    this.#narrow();
  }

  #label(base: string, layers: ReadonlySet<string>): void {
    const row = this.#rows.get(base) ?? this.#make(base);
    const of = layers.size < 2 ? "" : `, ${String(layers.size)} layers`;
    setAttribute(row.box, "label", baseLabel(base) + of);
    row.box.checked = this.#shown.includes(base);
    row.text = [row.family, baseLabel(base), base, ...layers].join(" ").toLowerCase();
  }

  #make(base: string): Row {
    const box = element("vscode-checkbox", { title: base });
    box.addEventListener("change", () => {
      const others = this.#shown.filter((each) => each !== base);
      this.#choose(box.checked ? [...others, base] : others);
    });
    const row = { box, family: familyTitle(base), text: "" };
    this.#rows.set(base, row);
    return row;
  }

  #family(title: string): { readonly root: HTMLElement; readonly boxes: HTMLElement } {
    const known = this.#families.get(title);
    if (known !== undefined) return known;
    const boxes = element("div", { class: "choice" });
    const heading = element("div", { class: "family", "aria-hidden": "true" }, title);
    const root = element("div", { role: "group", "aria-label": title }, heading, boxes);
    const made = { root, boxes };
    this.#families.set(title, made);
    return made;
  }

  /** Every word typed has to occur somewhere: in the family, the label, the name or a layer. */
  #narrow(): void {
    const words = this.#filter.value.toLowerCase().split(/\s+/);
    for (const { box, text } of this.#rows.values()) box.hidden = !words.every((word) => text.includes(word));
    for (const { root, boxes } of this.#families.values())
      root.hidden = [...boxes.children].every((box) => box instanceof HTMLElement && box.hidden);
    const some = [...this.#rows.values()].some(({ box }) => !box.hidden);
    setText(this.#nothing, some ? "" : `No observable is called “${this.#filter.value}”.`);
  }
}
