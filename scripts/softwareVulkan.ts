/**
 * A Vulkan driver in software, for tests of WebGPU on machines without a GPU: Mesa's llvmpipe, from Debian's packages, unpacked into
 * the cache folder and not installed. Debian 12's own Mesa is too old for Dawn, so there it is the one of its backports.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { cacheFolder } from "./workbench.ts";

/** Of the tree of files that is kept; to be changed when what is kept does. */
const version = "mesa-1";

const installation = path.join(cacheFolder, `vulkan-${version}`);

const driver = "mesa-vulkan-drivers";

/** Variables by which a process finds the driver; none where it is not there, or where the tests are to run on the machine's own GPU. */
export function softwareVulkan(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  if (environment["ORRERY_TEST_GPU"] === "1" || !existsSync(installation)) return {};
  const libraries = path.join(installation, "usr", "lib");
  const triplet = readdirSync(libraries).find((name) => name.endsWith("-linux-gnu"));
  const drivers = path.join(installation, "usr", "share", "vulkan", "icd.d");
  const manifest = readdirSync(drivers).find((name) => name.startsWith("lvp_icd"));
  if (triplet === undefined || manifest === undefined) return {};
  const own = environment["LD_LIBRARY_PATH"];
  return {
    LD_LIBRARY_PATH: path.join(libraries, triplet) + (own === undefined || own === "" ? "" : `:${own}`),
    VK_ICD_FILENAMES: path.join(drivers, manifest),
  };
}

/** Brings the driver if it is not there yet. Throws, with apt's last words, where it cannot be had. */
export function installSoftwareVulkan(say: (line: string) => void): void {
  if (existsSync(installation)) return;
  if (process.platform !== "linux" || spawnSync("apt-get", ["--version"]).status !== 0) {
    throw new Error("Only Debian's packages are known to have it.");
  }
  say(`Bringing a Vulkan driver in software (once; half a minute) into ${installation} …`);
  mkdirSync(cacheFolder, { recursive: true });
  const folder = mkdtempSync(path.join(cacheFolder, "installing-"));
  try {
    const archives = download(folder);
    const root = path.join(folder, "root");
    for (const name of readdirSync(archives).filter((file) => file.endsWith(".deb"))) {
      command("dpkg-deb", ["--extract", path.join(archives, name), root]);
    }
    renameSync(root, installation);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Downloads the driver, and the packages that it needs and the machine lacks; apt's own state is left alone. Returns their folder. */
function download(folder: string): string {
  const archives = path.join(folder, "cache", "archives");
  for (const name of ["lists/partial", "cache/archives/partial"])
    mkdirSync(path.join(folder, name), { recursive: true });
  const sources = path.join(folder, "sources.list");
  const backports = backportsSource();
  writeFileSync(sources, `${existing("/etc/apt/sources.list")}\n${backports?.line ?? ""}\n`);
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    `Dir::State::lists=${path.join(folder, "lists")}`,
    `Dir::Cache=${path.join(folder, "cache")}`,
    "Acquire::http::Timeout=20",
    "Acquire::Languages=none",
    "APT::Sandbox::User=",
    // Nothing is installed, so that others may install meanwhile.
    "Debug::NoLocking=1",
  ].flatMap((option) => ["-o", option]);
  const release = backports === undefined ? [] : ["--target-release", backports.suite];
  command("apt-get", ["update", "--quiet=2", ...options]);
  command("apt-get", [
    ...["install", "--download-only", "--yes", "--quiet=2", "--no-install-recommends", ...options],
    ...[...release, driver, "libvulkan1"],
  ]);
  return archives;
}

/** Debian 12's backports, from the mirror that the machine has Debian from; undefined on other systems, whose Mesa is new enough. */
function backportsSource(): { readonly suite: string; readonly line: string } | undefined {
  if (!/^VERSION_CODENAME=bookworm$/m.test(existing("/etc/os-release"))) return undefined;
  const mirrors = command("apt-get", [
    "indextargets",
    "--format",
    "$(REPO_URI)",
    "Created-By: Packages",
    "Codename: bookworm",
  ]);
  const suite = "bookworm-backports";
  return { suite, line: `deb ${mirrors.split("\n")[0] ?? ""} ${suite} main` };
}

function existing(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function command(program: string, args: readonly string[]): string {
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const outcome = spawnSync(program, args, { env: environment, encoding: "utf8" });
  if (outcome.status === 0) return outcome.stdout;
  throw new Error(`\`${program}\` failed: ${outcome.stderr.trim().split("\n").slice(-2).join(" ")}`);
}
