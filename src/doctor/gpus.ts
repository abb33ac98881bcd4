/** Which GPUs this machine shows, without starting any. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

export interface Gpu {
  readonly name: string;
  readonly vendor: "NVIDIA" | "other";
  /** Whether a driver answers for it; undefined where that cannot be seen. */
  readonly driver: boolean | undefined;
}

export interface Gpus {
  /** False where the system has no place to look, so that there may be one all the same. */
  readonly known: boolean;
  readonly seen: readonly Gpu[];
  /** Where it was looked. */
  readonly how: string;
}

/** What is asked of a machine. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly architecture: string;
  /** What a program prints; undefined where it is not there or fails. */
  run(program: string, words: readonly string[]): Promise<string | undefined>;
  exists(file: string): boolean;
  /** Names in a folder; none where it is not there. */
  list(folder: string): readonly string[];
  /** A small file's text; empty where it cannot be read. */
  read(file: string): string;
}

export const thisMachine: Machine = {
  platform: process.platform,
  architecture: process.arch,
  async run(program, words) {
    try {
      const { stdout } = await promisify(execFile)(program, [...words], { timeout: 10_000, windowsHide: true });
      return stdout;
    } catch {
      return undefined;
    }
  },
  exists: existsSync,
  list(folder) {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
  read(file) {
    try {
      return readFileSync(file, "utf8");
    } catch {
      return "";
    }
  },
};

export async function seeGpus(machine: Machine): Promise<Gpus> {
  const look = looks[machine.platform];
  if (look !== undefined) return look(machine);
  return { known: false, seen: [], how: `it is not known where ${machine.platform} shows its GPUs` };
}

const looks: Readonly<Partial<Record<NodeJS.Platform, (machine: Machine) => Promise<Gpus>>>> = {
  linux: linuxGpus,
  darwin: macGpus,
  win32: windowsGpus,
};

const nvidiaVendor = "0x10de";
const vendors: Readonly<Record<string, string>> = {
  [nvidiaVendor]: "NVIDIA",
  "0x1002": "AMD",
  "0x8086": "Intel",
  "0x13b5": "Arm",
  "0x5143": "Qualcomm",
  "0x1010": "Imagination",
};
/** Class of display controllers on the PCI bus. */
const displayClass = "0x03";
const pciDevices = "/sys/bus/pci/devices";

async function linuxGpus(machine: Machine): Promise<Gpus> {
  const how = "by nvidia-smi, /dev/nvidia*, /dev/dri and the PCI bus";
  const nvidia = await nvidiaGpus(machine);
  const onBus = machine
    .list(pciDevices)
    .filter((device) => machine.read(path.posix.join(pciDevices, device, "class")).startsWith(displayClass))
    .map((device) => machine.read(path.posix.join(pciDevices, device, "vendor")).trim());
  const nodes = machine.list("/dev").filter((name) => /^nvidia\d+$/.test(name));
  const renders = machine.list("/dev/dri").some((name) => name.startsWith("renderD"));
  const seen: Gpu[] = [...nvidia];
  if (nvidia.length === 0 && (nodes.length > 0 || onBus.includes(nvidiaVendor)))
    seen.push({ name: "an NVIDIA GPU", vendor: "NVIDIA", driver: nodes.length > 0 });
  // A virtual machine's or a server's display adapter is on the bus too, but is of none of these vendors.
  const others = new Set(onBus.filter((vendor) => vendor in vendors && vendor !== nvidiaVendor));
  for (const vendor of others)
    seen.push({ name: `a GPU of ${vendors[vendor] ?? vendor}`, vendor: "other", driver: renders });
  if (machine.exists("/dev/dxg") && seen.length === 0)
    seen.push({ name: "a GPU of Windows, by way of WSL", vendor: "other", driver: true });
  // GPUs of a system on a chip are on no PCI bus.
  if (renders && seen.length === 0 && onBus.length === 0) seen.push({ name: "a GPU", vendor: "other", driver: true });
  return { known: true, seen, how };
}

async function macGpus(machine: Machine): Promise<Gpus> {
  const how = "by system_profiler";
  const text = await machine.run("system_profiler", ["SPDisplaysDataType"]);
  const names = [...(text ?? "").matchAll(/Chipset Model: *(.+)/g)].map((match) => match[1]?.trim() ?? "");
  // Every Mac of Apple's own processors has one, whether or not it is asked.
  if (names.length === 0 && machine.architecture === "arm64") names.push("Apple's own GPU");
  return {
    known: text !== undefined || names.length > 0,
    seen: names.map((name) => ({ name, vendor: "other", driver: true })),
    how,
  };
}

async function windowsGpus(machine: Machine): Promise<Gpus> {
  const how = "by nvidia-smi and Win32_VideoController";
  const question = "(Get-CimInstance Win32_VideoController).Name";
  const [nvidia, text] = await Promise.all([
    nvidiaGpus(machine),
    machine.run("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", question]),
  ]);
  const names = (text ?? "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((name) => name !== "" && !/^Microsoft (Basic|Remote|Hyper-V)/.test(name));
  const others = names.flatMap((name): Gpu[] => {
    if (!/nvidia/i.test(name)) return [{ name, vendor: "other", driver: undefined }];
    return nvidia.length > 0 ? [] : [{ name, vendor: "NVIDIA", driver: undefined }];
  });
  return { known: text !== undefined || nvidia.length > 0, seen: [...nvidia, ...others], how };
}

/** Those that NVIDIA's driver answers for. */
async function nvidiaGpus(machine: Machine): Promise<Gpu[]> {
  const text = (await machine.run("nvidia-smi", ["-L"])) ?? "";
  return [...text.matchAll(/^GPU \d+: (.+?)(?: \(UUID.*)?$/gm)].map((match) => ({
    name: match[1]?.trim() ?? "",
    vendor: "NVIDIA",
    driver: true,
  }));
}
