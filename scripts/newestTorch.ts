/**
 * The newest PyTorch for tests beside Debian 12's own of 2022: that of Debian's next release, with a Python and a C library of its
 * own, unpacked into the cache folder and not installed. The registry's own package brings CUDA and takes 5 GB, this takes 1 GB.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { debianMirror, unpackDebianPackages } from "./debianPackages.ts";
import { cacheFolder } from "./workbench.ts";

const release = "forky";

/** Of the tree of files that is kept; to be changed when what is kept does. */
const installation = path.join(cacheFolder, `torch-${release}-1`);

const launcher = path.join("usr", "bin", "python3");

/** Headers are for `torch.compile`, which builds kernels with the machine's own compiler. */
const packages = ["python3-torch", "libpython3-dev", "libopenblas0-pthread"];

/** Starts Python with the libraries that it was built for, and not with the machine's. */
const launch = (name: string) => `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
libraries=$here/../lib/x86_64-linux-gnu
exec "$here/../lib64/ld-linux-x86-64.so.2" --argv0 "$here/python3" \\
  --library-path "$libraries/openblas-pthread:$libraries:$here/../lib" "$here/${name}" "$@"
`;

/** Loads what the tests load. */
const use = `import torch
torch.compile(torch.sin, backend="aot_eager")(torch.ones(1, requires_grad=True)).backward()`;

/** Its Python; undefined where it is not there. */
export function newestTorchPython(): string | undefined {
  const python = path.join(installation, launcher);
  return existsSync(python) ? python : undefined;
}

/** Brings it if it is not there yet. Throws, saying why, where it cannot be had. */
export function installNewestTorch(say: (line: string) => void): void {
  if (newestTorchPython() === undefined) unpack(say);
  translate();
}

/** As an installation does, whatever the environment says of it: to translate each module anew takes every process many seconds. */
function translate(): void {
  const python = newestTorchPython();
  const translated = path.join(installation, "usr", "lib", "python3", "dist-packages", "torch", "__pycache__");
  if (python === undefined || existsSync(translated)) return;
  // An empty value is as good as none.
  spawnSync(python, ["-c", use], { env: { ...process.env, PYTHONDONTWRITEBYTECODE: "" }, stdio: "ignore" });
}

function unpack(say: (line: string) => void): void {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error("No newer PyTorch is tested: it is known how to bring it only for Linux on x64.");
  const mirror = debianMirror("bookworm");
  if (mirror === undefined)
    throw new Error("No newer PyTorch is tested: it is known how to bring it only on Debian 12.");
  say(`Bringing the PyTorch of Debian ${release} (once; a minute or two) into ${installation} …`);
  const sources = `deb ${mirror} ${release} main`;
  unpackDebianPackages(installation, { packages, sources, isWhole: true }, (root) => {
    const python = path.join(root, launcher);
    const name = readlinkSync(python);
    rmSync(python);
    writeFileSync(python, launch(name));
    chmodSync(python, 0o755);
  });
}
