/** Debian's packages, unpacked into a folder and not installed: apt's own state and the system's files are left alone. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface Wanted {
  readonly packages: readonly string[];
  /** Of apt, as in `sources.list`. */
  readonly sources: string;
  /** The release that the packages are to come from, where sources name several. */
  readonly release?: string;
  /** Whether everything that they need is unpacked, as for a system of its own, or only what the machine lacks. */
  readonly isWhole: boolean;
}

/** Makes `destination`, all at once; safe when two do it. Throws with apt's last words. */
export function unpackDebianPackages(
  destination: string,
  wanted: Wanted,
  prepare: (root: string) => void = () => undefined,
): void {
  if (process.platform !== "linux" || spawnSync("apt-get", ["--version"]).status !== 0) {
    throw new Error("Only Debian's packages are known to have it.");
  }
  mkdirSync(path.dirname(destination), { recursive: true });
  const folder = mkdtempSync(path.join(path.dirname(destination), "installing-"));
  try {
    const archives = download(folder, wanted);
    const root = path.join(folder, "root");
    for (const name of readdirSync(archives).filter((file) => file.endsWith(".deb"))) {
      command("dpkg-deb", ["--extract", path.join(archives, name), root]);
    }
    prepare(root);
    if (!existsSync(destination)) renameSync(root, destination);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where the machine has a Debian from; undefined where it has none of that name. */
export function debianMirror(codename: string): string | undefined {
  const targets = ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", `Codename: ${codename}`];
  return command("apt-get", targets)
    .split("\n")
    .find((line) => line !== "");
}

/** Returns the folder of the packages' files. */
function download(folder: string, { packages, sources, release, isWhole }: Wanted): string {
  const archives = path.join(folder, "cache", "archives");
  for (const name of ["lists/partial", "cache/archives/partial"])
    mkdirSync(path.join(folder, name), { recursive: true });
  const [list, status] = [path.join(folder, "sources.list"), path.join(folder, "status")];
  writeFileSync(list, `${sources}\n`);
  writeFileSync(status, "");
  const options = [
    `Dir::Etc::sourcelist=${list}`,
    `Dir::State::lists=${path.join(folder, "lists")}`,
    `Dir::Cache=${path.join(folder, "cache")}`,
    ...(isWhole ? [`Dir::State::status=${status}`, "Dir::Etc::sourceparts=-"] : []),
    "Acquire::http::Timeout=20",
    "Acquire::Languages=none",
    "APT::Sandbox::User=",
    // Nothing is installed, so that others may install meanwhile.
    "Debug::NoLocking=1",
  ].flatMap((option) => ["-o", option]);
  command("apt-get", ["update", "--quiet=2", ...options]);
  command("apt-get", [
    ...["install", "--download-only", "--yes", "--quiet=2", "--no-install-recommends", ...options],
    ...(release === undefined ? [] : ["--target-release", release]),
    ...packages,
  ]);
  return archives;
}

function command(program: string, args: readonly string[]): string {
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const outcome = spawnSync(program, args, { env: environment, encoding: "utf8" });
  if (outcome.status === 0) return outcome.stdout;
  throw new Error(`\`${program}\` failed: ${outcome.stderr.trim().split("\n").slice(-2).join(" ")}`);
}
