import type { Reference } from "../../theory/law.ts";
import type { LawLink } from "./inlineFinding.ts";

/** How a law is named and linked to: by the first of its references. */
export function lawLink(law: {
  readonly id: string;
  readonly number: string;
  readonly title: string;
  readonly references: readonly Reference[];
}): LawLink {
  const { id, number, title, references } = law;
  const [first] = references;
  const address = first?.arxiv === undefined ? undefined : `https://arxiv.org/abs/${first.arxiv}`;
  return { id, number, title, citation: first?.citation ?? "", address };
}
