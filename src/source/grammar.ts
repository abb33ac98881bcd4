/** The grammars of the languages that training scripts are written in, as tree-sitter parsers. */
import { Language, Parser } from "@vscode/tree-sitter-wasm";

export type SourceLanguage = "javascript" | "typescript" | "tsx" | "python";

/** Where the WebAssembly files lie. Reading them is the caller's: this folder does no input or output. */
export interface GrammarFiles {
  /** Absolute path of `tree-sitter.wasm`. */
  readonly runtime: string;
  read(grammar: SourceLanguage): Promise<Uint8Array>;
}

/** Loads each grammar once, when it is first asked for. */
export class Grammars {
  readonly #files: GrammarFiles;
  readonly #parsers = new Map<SourceLanguage, Promise<Parser>>();
  #runtime: Promise<void> | undefined;

  constructor(files: GrammarFiles) {
    this.#files = files;
  }

  /** Rejects where the WebAssembly files are missing or of another version. */
  parser(language: SourceLanguage): Promise<Parser> {
    let parser = this.#parsers.get(language);
    if (parser === undefined) {
      parser = this.#load(language);
      this.#parsers.set(language, parser);
    }
    return parser;
  }

  async #load(language: SourceLanguage): Promise<Parser> {
    this.#runtime ??= Parser.init({ locateFile: () => this.#files.runtime });
    await this.#runtime;
    return new Parser().setLanguage(await Language.load(await this.#files.read(language)));
  }
}
