import tseslint from "typescript-eslint";
import importX from "eslint-plugin-import-x";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";

/** One zone per sentence of "who may import whom": `room` may import of our own code only what `may` names. */
function room(name, may = []) {
  return {
    target: `./src/${name}`,
    from: ["./src", "./webview", "./test"],
    except: [`./src/${name}`, ...may].map((path) => path.replace("./src/", "./")),
    message: `src/${name} may import of our own code only: ${may.join(", ") || "nothing"}.`,
  };
}

const zones = [
  { ...room("theory"), from: "./src", except: ["./theory"] },
  { ...room("source"), from: "./src", except: ["./source"] },
  { ...room("probe"), from: "./src", except: ["./probe"] },
  { ...room("run", ["src/theory"]), from: "./src", except: ["./run", "./theory"] },
  {
    ...room("recorder", ["src/run", "src/theory", "src/probe/record.ts"]),
    from: "./src",
    except: ["./recorder", "./run", "./theory", "./probe/record.ts"],
  },
  {
    ...room("analyses", ["src/run", "src/theory", "src/source"]),
    from: "./src",
    except: ["./analyses", "./run", "./theory", "./source"],
  },
  {
    ...room("doctor", ["src/recorder", "src/run", "src/probe/backendReport.ts"]),
    from: "./src",
    except: ["./doctor", "./recorder", "./run", "./probe/backendReport.ts"],
  },
  { ...room("cli"), from: "./src/editor", except: [], message: "src/cli works without an editor." },
  { ...room("editor"), from: "./src/cli", except: [], message: "src/editor does not need the command line." },
  {
    target: "./webview",
    from: "./src",
    except: ["./editor/messages.ts"],
    message: "webview imports only message types, from src/editor/messages.ts.",
  },
];

export default tseslint.config(
  {
    ignores: ["dist", "node_modules", "test/fixtures", "test/editor/fixtures", "test/artifacts", "coverage", ".orrery"],
  },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ["*.mjs"] }, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createTypeScriptImportResolver()] },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-default-export": "error",
      "import-x/no-cycle": "error",
      "max-lines": ["error", { max: 500 }],
      "no-warning-comments": "error",
      "no-empty": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/prefer-nullish-coalescing": "error",
      "no-restricted-imports": [
        "error",
        { paths: [{ name: "vscode", message: "Only src/editor and src/extension.ts know the editor." }] },
      ],
    },
  },
  {
    files: ["src/editor/**", "src/extension.ts", "test/editor/companion/**"],
    rules: { "no-restricted-imports": "off" },
  },
  {
    files: ["**/*.mjs", "**/*.config.ts"],
    rules: { "import-x/no-default-export": "off" },
  },
  { files: ["**/*.mjs"], ...tseslint.configs.disableTypeChecked },
);
