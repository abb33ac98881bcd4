/**
 * A Vulkan driver in software, for tests of WebGPU on machines without a GPU: Mesa's llvmpipe, from Debian's packages, unpacked into
 * the cache folder and not installed. Debian 12's own Mesa is too old for Dawn, so there it is the one of its backports.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { debianMirror, unpackDebianPackages } from "./debianPackages.ts";
import { cacheFolder } from "./workbench.ts";

/** Of the tree of files that is kept; to be changed when what is kept does. */
const version = "mesa-1";

const installation = path.join(cacheFolder, `vulkan-${version}`);

const packages = ["mesa-vulkan-drivers", "libvulkan1"];

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
  say(`Bringing a Vulkan driver in software (once; half a minute) into ${installation} …`);
  const own = existing("/etc/apt/sources.list");
  // Debian 12's Mesa is too old; that of other systems is new enough.
  const isTooOld = /^VERSION_CODENAME=bookworm$/m.test(existing("/etc/os-release"));
  const release = isTooOld ? "bookworm-backports" : undefined;
  unpackDebianPackages(installation, {
    packages,
    sources: release === undefined ? own : `${own}\ndeb ${debianMirror("bookworm") ?? ""} ${release} main`,
    ...(release === undefined ? {} : { release }),
    isWhole: false,
  });
}

function existing(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
