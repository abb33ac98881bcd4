/** Keeps the syntax trees of open documents, in the thread that parses them. */
import type { CodeSite } from "../source/codeSite.ts";
import type { Grammars, SourceLanguage } from "../source/grammar.ts";
import { SourceFile } from "../source/sourceFile.ts";
import type { InlineFinding } from "./inline/inlineFinding.ts";
import { inlineFindings } from "./inline/inlineFindings.ts";
import { namedLiterals, type NamedLiteral } from "./inline/namedLiterals.ts";
import type { PlacedRun } from "./inline/placedRun.ts";
import type { SourceRequest, SourceService } from "./sourceService.ts";

interface ParsedFile {
  readonly source: SourceFile;
  /** The version that was parsed last; −1 before the first. */
  version: number;
}

export class ParsedFiles implements SourceService {
  readonly #grammars: Grammars;
  readonly #files = new Map<string, Promise<ParsedFile>>();

  constructor(grammars: Grammars) {
    this.#grammars = grammars;
  }

  /** Rejects where the grammar cannot be loaded. */
  async sites(request: SourceRequest): Promise<readonly CodeSite[]> {
    const file = await this.#file(request.key, request.language);
    return toldOf(request, file).sites(request.text);
  }

  /** Rejects where the grammar cannot be loaded. */
  async findings(request: SourceRequest, run: PlacedRun | undefined): Promise<readonly InlineFinding[]> {
    const file = await this.#file(request.key, request.language);
    const sketch = toldOf(request, file).sketch(request.text);
    return sketch === undefined ? [] : inlineFindings(sketch, request.text, run);
  }

  /** Rejects where the grammar cannot be loaded. */
  async literals(request: SourceRequest): Promise<readonly NamedLiteral[]> {
    const file = await this.#file(request.key, request.language);
    const sketch = toldOf(request, file).sketch(request.text);
    return sketch === undefined ? [] : namedLiterals(sketch);
  }

  close(key: string): void {
    void this.#files.get(key)?.then(({ source }) => {
      source[Symbol.dispose]();
    });
    this.#files.delete(key);
  }

  #file(key: string, language: SourceLanguage): Promise<ParsedFile> {
    let file = this.#files.get(key);
    if (file === undefined) {
      file = this.#grammars
        .parser(language)
        .then((parser) => ({ source: new SourceFile(parser, language), version: -1 }));
      this.#files.set(key, file);
      file.catch(() => this.#files.delete(key));
    }
    return file;
  }
}

/** The source, told of all edits that lead to the request's text. At once, so that no other request comes in between. */
function toldOf(request: SourceRequest, file: ParsedFile): SourceFile {
  if (file.version < request.since) file.source.forget();
  for (const change of request.changes) {
    if (change.version > file.version) for (const edit of change.edits) file.source.edit(edit);
  }
  file.version = request.version;
  return file.source;
}
