import { posix } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { rootManifest, type Workspace, workspaces } from "../scripts/workspaces.ts";
import {
  type Arrows,
  circlesOf,
  groupedArrows,
  importedModules,
  type ImportScope,
  importViolation,
} from "./import-rules.ts";
import { readTracked, trackedFiles } from "./tracked-files.ts";

// Every file is parsed. That needs processor time, and the other tests need it too.
vi.setConfig({ testTimeout: 120_000 });

const tools = Object.keys(rootManifest.devDependencies ?? {});
const everyone = new Set([...tools, ...workspaces.map(({ manifest }) => manifest.name)]);

const scopeOf = ({ folder, manifest }: Workspace): ImportScope => ({ folder, manifest, shared: new Set(tools) });
const rootScope: ImportScope = { folder: "", manifest: rootManifest, shared: everyone };

const code = trackedFiles.filter((path) => /\.[cm]?[jt]s$/.test(path));
const ownerOf = (path: string): Workspace | undefined => workspaces.find(({ folder }) => path.startsWith(`${folder}/`));

const importsOf = new Map(code.map((path) => [path, importedModules(path, readTracked(path))]));

/** From every file below `folder` to those below it that it imports. Imports of types count: to understand one file, one has to read the other. */
const arrowsIn = (folder: string): Arrows => {
  const files = code.filter((path) => path.startsWith(`${folder}/`));
  const target = (path: string, name: string): string => posix.join(posix.dirname(path), name);
  return new Map(
    files.map((path) => {
      const named = (importsOf.get(path) ?? [])
        .filter((name) => name.startsWith("."))
        .map((name) => target(path, name));
      return [path, new Set(named.filter((name) => files.includes(name)))] as const;
    }),
  );
};

const violations = (owner: Workspace | undefined): readonly string[] => {
  const scope = owner === undefined ? rootScope : scopeOf(owner);
  return code
    .filter((path) => ownerOf(path) === owner)
    .flatMap((path) =>
      (importsOf.get(path) ?? []).map((name) => [path, name, importViolation(path, name, scope)] as const),
    )
    .flatMap(([path, name, problem]) => (problem === undefined ? [] : [`${path}: "${name}" ${problem}`]));
};

describe("imports follow the layers and the declared dependencies", () => {
  test.for([undefined, ...workspaces].map((owner) => [owner?.folder ?? "root", owner] as const))("%s", ([, owner]) => {
    expect(violations(owner)).toEqual([]);
  });
});

describe("no circles of imports", () => {
  test.for([...workspaces.map(({ folder }) => folder), "test", "scripts"])("between the files of %s", (folder) => {
    expect(circlesOf(arrowsIn(folder))).toEqual([]);
  });

  test("between the folders of core/src", () => {
    const folderOf = (path: string): string => path.split("/").slice(0, 3).join("/");
    expect(circlesOf(groupedArrows(arrowsIn("core/src"), folderOf))).toEqual([]);
  });
});

describe("the rules themselves", () => {
  test("a circle is found, however long, and between folders that have none between their files", () => {
    const arrows = new Map([
      ["a/1", new Set(["b/1"])],
      ["b/1", new Set(["c/1"])],
      ["c/1", new Set(["b/1"])],
      ["b/2", new Set(["a/2"])],
      ["a/2", new Set<string>()],
    ]);
    expect(circlesOf(arrows)).toEqual(["b/1 → c/1 → b/1"]);
    expect(circlesOf(groupedArrows(arrows, (name) => name.charAt(0)))).toEqual(["b → c → b", "a → b → a"]);
  });

  test("every form of import is seen, and comments are not", () => {
    const text = `/** import "doc" */ import type { A } from "a"; export * from "b"; type C = import("c").C;
      await import("d"); import e = require("e"); require("f"); import "g"; // import "comment"`;
    expect(importedModules("x.ts", text)).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
  });

  test.for([
    ["core/src/a.ts", "@nats-io/jetstream"],
    ["core/src/a.ts", "@anytopic/nats"],
    ["core/src/a.ts", "@standard-schema/spec"],
    ["core/src/a.ts", "../../adapters/nats/src/index.ts"],
    ["core/src/a.ts", "fs"],
    ["adapters/nats/src/a.ts", "@anytopic/memory"],
    ["adapters/nats/src/a.ts", "@anytopic/conformance"],
    ["adapters/nats/src/a.ts", "@anytopic/core/src/index.ts"],
    ["adapters/nats/src/a.ts", "amqplib"],
    ["adapters/nats/src/a.ts", "vitest"],
    ["adapters/nats/src/a.ts", "../test/harness.ts"],
    ["adapters/nats/test/a.ts", "../../memory/src/index.ts"],
    ["adapters/nats/test/a.ts", "amqplib"],
    ["conformance/src/a.ts", "vitest"],
    ["conformance/src/a.ts", "@anytopic/memory"],
    ["test/a.ts", "../core/src/index.ts"],
    ["test/a.ts", "@nats-io/jetstream"],
  ] as const)("%s may not import %s", ([path, name]) => {
    const owner = ownerOf(path);
    expect(importViolation(path, name, owner === undefined ? rootScope : scopeOf(owner))).toBeTypeOf("string");
  });

  test.for([
    ["core/src/a.ts", "node:timers/promises"],
    ["core/src/a/b.ts", "../topic.ts"],
    ["core/test/a.ts", "../src/topic.ts"],
    ["core/test/a.ts", "vitest"],
    ["core/test/a.ts", "@anytopic/core"],
    ["adapters/nats/src/a.ts", "@anytopic/core/driver"],
    ["adapters/nats/src/a.ts", "@nats-io/jetstream"],
    ["adapters/nats/test/a.ts", "@anytopic/conformance"],
    ["adapters/rabbitmq/test/a.ts", "rascal"],
    ["conformance/src/a.ts", "@anytopic/core"],
    ["test/a.ts", "@anytopic/core"],
    ["test/a.ts", "../scripts/workspaces.ts"],
  ] as const)("%s may import %s", ([path, name]) => {
    const owner = ownerOf(path);
    expect(importViolation(path, name, owner === undefined ? rootScope : scopeOf(owner))).toBeUndefined();
  });
});
