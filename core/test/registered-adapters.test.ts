import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type RegisteredAdapter } from "@anytopic/core";
import type { AdapterModule } from "@anytopic/core/driver";
import * as memory from "@anytopic/memory";
import { describe, expect, it, onTestFinished } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";

/** An adapter of somebody else, and the URLs that it was given. */
function other(...schemes: string[]) {
  const urls: [string, unknown][] = [];
  const adapterModule: AdapterModule = {
    schemes,
    fromUrl(url, options) {
      urls.push([url, options]);
      return new ScriptedAdapter();
    },
  };
  return { adapterModule, urls };
}

describe("connect({ adapters })", () => {
  it("serves URLs of a scheme that core does not know, by an adapterModule or its package", async () => {
    const kafka = other("kafka");
    await using one = await connect("KAFKA://one", { adapters: [kafka.adapterModule], adapterOptions: { a: 1 } });
    await using two = await connect("kafka://two", { adapters: [memory, kafka] });
    expect([one.adapter, two.adapter]).toEqual(["scripted", "scripted"]);
    expect(kafka.urls).toEqual([
      ["KAFKA://one", { a: 1 }],
      ["kafka://two", {}],
    ]);
  });

  it("comes before the package of the scheme", async () => {
    const nats = other("nats", "tls");
    await using pubsub = await connect("nats://127.0.0.1:1", { adapters: [nats] });
    expect(pubsub.adapter).toBe("scripted");
    expect(nats.urls).toHaveLength(1);
  });

  it("serves every connection of a configuration", async () => {
    const kafka = other("kafka");
    const config = {
      default: "a",
      connections: { a: { url: "kafka://a" }, b: { url: "kafka://b" }, c: { url: "memory:" } },
    };
    await using pubsub = await connect({ config, adapters: [kafka] });
    expect(kafka.urls.map(([url]) => url)).toEqual(["kafka://a"]);
    await pubsub.connection("b");
    await pubsub.connection("c");
    expect(kafka.urls.map(([url]) => url)).toEqual(["kafka://a", "kafka://b"]);
  });

  it.for<[unknown, RegExp]>([
    [memory.memory, /^adapters\[0\] is a function: must be the adapterModule of an adapter's package/],
    ["nats", /^adapters\[0\] is 'nats'/],
    [{}, /^adapters\[0\] is an object/],
    [undefined, /^adapters\[0\] is undefined/],
  ])("refuses %o", async ([entry, message]) => {
    const refused = connect("memory:", { adapters: [entry as RegisteredAdapter] });
    await expect(refused).rejects.toThrow(TypeError);
    await expect(refused).rejects.toThrow(message);
  });

  it("refuses two for one scheme, and what is no list", async () => {
    const adapters = [other("kafka"), other("KAFKA")];
    await expect(connect("kafka://a", { adapters })).rejects.toThrow(
      "adapters has two for URLs that begin with kafka:",
    );
    const noList = memory as unknown as RegisteredAdapter[];
    await expect(connect("memory:", { adapters: noList })).rejects.toThrow("adapters is");
  });

  it("does not keep the options of a connection when the URL is of another unknown scheme", async () => {
    const both = other("kafka", "redis");
    const config = { connections: { a: { url: "kafka://a", options: { brokers: 3 } } } };
    const target = "redis://b";
    await using pubsub = await connect(target, { config, adapters: [both] });
    expect(pubsub.adapter).toBe("scripted");
    expect(both.urls).toEqual([["redis://b", {}]]);
  });
});

describe("an adapter's package", () => {
  const CORE = join(import.meta.dirname, "..");

  /** Folders as pnpm with `hoist=false` makes them: core sees no adapter, the application does. */
  async function isolated(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "anytopic-isolated-"));
    onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
    const store = join(folder, "store/core");
    await mkdir(join(store, "src"), { recursive: true });
    await cp(join(CORE, "package.json"), join(store, "package.json"));
    await cp(join(CORE, "src"), join(store, "src"), { recursive: true });
    const modules = join(folder, "packages/app/node_modules/@anytopic");
    await mkdir(join(modules, "nats"), { recursive: true });
    await symlink(store, join(modules, "core"));
    const manifest = { name: "@anytopic/nats", type: "module", exports: "./index.js" };
    await writeFile(join(modules, "nats/package.json"), JSON.stringify(manifest));
    const adapter = `export const adapterModule = { schemes: ["nats"], fromUrl() { throw new Error("it was found"); } };`;
    await writeFile(join(modules, "nats/index.js"), adapter);
    const program = `import { connect } from "@anytopic/core";\nawait connect("nats://h").catch(({ message }) => console.log(message));`;
    await writeFile(join(folder, "packages/app/main.mjs"), program);
    await symlink("packages/app/main.mjs", join(folder, "link.mjs"));
    return folder;
  }

  const run = (cwd: string, ...args: string[]): string =>
    spawnSync(process.execPath, ["--conditions=@anytopic/source", ...args], { cwd, encoding: "utf8" }).stdout.trim();

  it("is found beside the program, wherever that is started, also by a link", { timeout: 30_000 }, async () => {
    const folder = await isolated();
    expect(run(folder, "packages/app/main.mjs")).toBe("it was found");
    expect(run(folder, "link.mjs")).toBe("it was found");
    expect(run(tmpdir(), join(folder, "packages/app/main.mjs"))).toBe("it was found");
  });

  it("that is nowhere is named, with what a bundled program does", { timeout: 30_000 }, async () => {
    const folder = await isolated();
    await rm(join(folder, "packages/app/node_modules/@anytopic/nats"), { recursive: true });
    expect(run(folder, "packages/app/main.mjs")).toMatch(
      /need the package @anytopic\/nats: npm install @anytopic\/nats;.*connect\(nats\(…\)\).*adapters: \[adapterModule\]/,
    );
  });

  it("that is found but lacks something of its own is not called missing", { timeout: 30_000 }, async () => {
    const folder = await isolated();
    const file = join(folder, "packages/app/node_modules/@anytopic/nats/index.js");
    await writeFile(file, `import "not-there";`);
    expect(run(folder, "packages/app/main.mjs")).toMatch(/^Cannot find package 'not-there'/);
  });
});
