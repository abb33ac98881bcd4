import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { commands, contextKeys, runItems, settings, views } from "../../src/ids.ts";
import { backendChoices } from "../../src/run/runManifest.ts";

const root = path.join(import.meta.dirname, "../..");
const menuItem = z.object({ command: z.string(), when: z.string().optional() });
const manifest = z
  .object({
    activationEvents: z.array(z.string()),
    capabilities: z.object({
      untrustedWorkspaces: z.object({ supported: z.string(), restrictedConfigurations: z.array(z.string()) }),
    }),
    contributes: z.object({
      commands: z.array(
        z.object({
          command: z.string(),
          title: z.string(),
          category: z.string(),
          icon: z.string(),
          enablement: z.string().optional(),
        }),
      ),
      menus: z.record(z.string(), z.array(menuItem)),
      views: z.record(z.string(), z.array(z.object({ id: z.string() }))),
      viewsContainers: z.object({ activitybar: z.array(z.object({ id: z.string(), icon: z.string() })) }),
      configuration: z.object({
        properties: z.record(
          z.string(),
          z.object({
            default: z.unknown(),
            order: z.number(),
            scope: z.string(),
            markdownDescription: z.string(),
            enum: z.array(z.string()).optional(),
          }),
        ),
      }),
    }),
  })
  .parse(readJson("package.json"));

const texts = z.record(z.string(), z.string()).parse(readJson("package.nls.json"));
const { contributes } = manifest;
const properties = contributes.configuration.properties;
const menuItems = Object.values(contributes.menus).flat();

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(path.join(root, file), "utf8"));
}

describe("the manifest and the code name the same", () => {
  test("commands", () => {
    expect(contributes.commands.map((each) => each.command).sort()).toEqual(Object.values(commands).sort());
  });

  test("commands in menus", () => {
    const known = new Set<string>(Object.values(commands));
    expect(menuItems.filter((item) => !known.has(item.command))).toEqual([]);
  });

  test("settings", () => {
    const { section, ...named } = settings;
    expect(Object.keys(properties).sort()).toEqual(Object.values(named).sort());
    expect(Object.keys(properties).filter((name) => !name.startsWith(`${section}.`))).toEqual([]);
  });

  test("views and their container", () => {
    expect(contributes.viewsContainers.activitybar.map((each) => each.id)).toEqual([views.container]);
    expect(contributes.views[views.container]?.map((each) => each.id)).toEqual([views.runs, views.laws]);
    expect(manifest.activationEvents).toContain(`onWebviewPanel:${views.panel}`);
  });

  test("context keys and items of the runs view, in every condition", () => {
    const conditions = [...menuItems.map((item) => item.when), ...contributes.commands.map((each) => each.enablement)];
    const words = conditions.flatMap((condition) => (condition ?? "").split(/[^A-Za-z.]+/));
    const ours = words.filter((word) => word.startsWith("orrery."));
    expect([...new Set(ours)].sort()).toEqual([...Object.values(contextKeys), views.runs].sort());
    const items = words.filter((word) => word.startsWith("run."));
    expect(items.filter((item) => !Object.values<string>(runItems).includes(item))).toEqual([]);
  });

  test("backends", () => {
    expect(properties[settings.backend]?.enum).toEqual([...backendChoices]);
  });
});

describe("the manifest keeps the platform's manners", () => {
  test("every text has a translation key that exists, and no key is left over", () => {
    const used = readFileSync(path.join(root, "package.json"), "utf8").match(/(?<="%)[^%"]+(?=%")/g) ?? [];
    expect([...new Set(used)].sort()).toEqual(Object.keys(texts).sort());
  });

  test("nothing activates the extension but languages, views and runs that are there", () => {
    expect(manifest.activationEvents.filter((event) => event === "*" || event === "onStartupFinished")).toEqual([]);
  });

  test("what steers a run is enabled in trusted workspaces only", () => {
    const starting: string[] = [commands.inspect, commands.inspectWithArguments];
    const acting = [...starting, commands.stop, commands.pause, commands.resume, commands.measure];
    const open = contributes.commands
      .filter((each) => acting.includes(each.command))
      .filter((each) => each.enablement?.startsWith("isWorkspaceTrusted") !== true);
    expect(open).toEqual([]);
  });

  test("settings that name an executable or its arguments are restricted and belong to the machine", () => {
    const executable = [settings.nodePath, settings.nodeArguments, settings.pythonPath];
    expect(manifest.capabilities.untrustedWorkspaces.supported).toBe("limited");
    expect(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations).toEqual(executable);
    expect(new Set(executable.map((name) => properties[name]?.scope))).toEqual(new Set(["machine-overridable"]));
  });

  test("settings are described, have a default and an order of their own", () => {
    const all = Object.values(properties);
    expect(all.filter((each) => each.default === undefined)).toEqual([]);
    expect(new Set(all.map((each) => each.order)).size).toBe(all.length);
    for (const each of all) expect(texts[each.markdownDescription.slice(1, -1)]).toMatch(/^Controls /);
  });
});
