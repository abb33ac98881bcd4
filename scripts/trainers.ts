/**
 * PyTorch Lightning, the Trainer of Hugging Face and `accelerate`, for the tests of scripts that train by them: installed once, outside
 * the project, into a virtual environment over the Python that has PyTorch.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { findPython } from "./python.ts";
import { cacheFolder } from "./workbench.ts";

/** The last that run on PyTorch 1.13. */
const packages = ["pytorch-lightning==2.0.9", "torchmetrics==1.1.2", "transformers==4.33.3", "accelerate==0.23.0"];

/** Of what is installed; to be changed when that does. */
const version = "1";

const installation = path.join(cacheFolder, `trainers-${version}`);

/** Where Python looks for what runs at its start. */
const startFile = "debian_torch.pth";

/**
 * Debian 12's PyTorch 1.13 is for Python 3.11, which refuses to import `torch.distributed._shard`: defaults of its data classes
 * cannot be hashed. Lightning imports that. Each such default is made anew for each instance instead.
 */
const start = `import dataclasses

_original = dataclasses._get_field


def _get_field(cls, name, annotation, kw_only):
    given = cls.__dict__.get(name)
    if cls.__module__.startswith("torch.distributed._shard") and isinstance(given, dataclasses.Field):
        if given.default is not dataclasses.MISSING and type(given.default).__hash__ is None:
            setattr(cls, name, dataclasses.field(default_factory=type(given.default)))
    return _original(cls, name, annotation, kw_only)


dataclasses._get_field = _get_field
`;

/** The Python that has them, or undefined where they have not been installed. */
export function findTrainers(): string | undefined {
  const executable = path.join(installation, "bin", "python");
  return existsSync(executable) ? executable : undefined;
}

/** Installs them if they are not there yet. Throws, with the last words of what failed, where they cannot be had. */
export function installTrainers(say: (line: string) => void): void {
  if (existsSync(installation)) return;
  const python = findPython({});
  if (python === undefined) throw new Error("No Python with PyTorch found.");
  say(`Installing PyTorch Lightning, transformers and accelerate (once; half a minute) in ${installation} …`);
  mkdirSync(cacheFolder, { recursive: true });
  const folder = mkdtempSync(path.join(cacheFolder, "installing-"));
  try {
    command(python, ["-m", "venv", "--system-site-packages", folder]);
    const own = path.join(folder, "bin", "python");
    // What is there stays as it is: nobody wants gigabytes of another PyTorch.
    command(own, ["-m", "pip", "install", "--quiet", "--only-binary=:all:", ...packages]);
    const packagesFolder = command(own, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).trim();
    writeFileSync(path.join(packagesFolder, "debian_torch.py"), start);
    writeFileSync(path.join(packagesFolder, startFile), "import debian_torch\n");
    command(own, ["-c", "import pytorch_lightning, transformers, accelerate"]);
    renameSync(folder, installation);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function command(program: string, args: readonly string[]): string {
  const outcome = spawnSync(program, args, { encoding: "utf8" });
  if (outcome.status === 0) return outcome.stdout;
  throw new Error(`\`${program}\` failed: ${outcome.stderr.trim().split("\n").slice(-2).join(" ")}`);
}
