type Attribute = string | number | boolean | undefined;
type Child = Node | string | undefined;

/**
 * Makes an element. Attributes that are `false` or undefined are left out, `true` is an empty one. Strings become text
 * nodes, so nothing that came from a record is ever read as HTML.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(made, name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Sets an attribute, or takes it away where it is `false` or undefined. */
export function setAttribute(target: Element, name: string, value: Attribute): void {
  if (value === undefined || value === false) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? "" : String(value));
}

/** Sets the text only where it changed, so that neither selections nor screen readers are disturbed. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** Makes `parent` hold exactly these children in this order, and moves only what has to be moved. */
export function setChildren(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  for (const [index, child] of children.entries()) {
    const present = parent.children[index];
    if (present !== child) parent.insertBefore(child, present ?? null);
  }
}
