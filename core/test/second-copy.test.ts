import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import * as core from "@anytopic/core";
import { loadConfig } from "@anytopic/core/config";
import { memory } from "@anytopic/memory";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";

type Core = typeof core;

/** The same sources once more, as a second version in `node_modules` would be. */
let copy: Core;
let copyOfLoadConfig: typeof loadConfig;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "anytopic-copy-"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await cp(join(import.meta.dirname, "../src"), join(folder, "src"), { recursive: true });
  const load = async (file: string): Promise<unknown> => await import(pathToFileURL(join(folder, "src", file)).href);
  copy = (await load("index.ts")) as Core;
  ({ loadConfig: copyOfLoadConfig } = (await load("config.ts")) as { loadConfig: typeof loadConfig });
});
afterAll(async () => await rm(folder, { recursive: true }));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("another copy of this package in the process", () => {
  it("is another one", () => {
    expect(copy.PubSubError).not.toBe(core.PubSubError);
    expect(copy.jsonCodec).not.toBe(core.jsonCodec);
  });

  it("has errors that are instances of ours, and ours of its", () => {
    for (const [one, other] of [
      [core, copy],
      [copy, core],
    ] as const) {
      expect(new one.PubSubError("TIMEOUT", "late")).toBeInstanceOf(other.PubSubError);
      expect(new one.Reject("no")).toBeInstanceOf(other.Reject);
      expect(new one.RetryAfter(1)).toBeInstanceOf(other.RetryAfter);
      expect(new one.Reject("no")).not.toBeInstanceOf(other.RetryAfter);
      expect(new one.RetryAfter(1)).not.toBeInstanceOf(other.PubSubError);
    }
    expect(new Error("plain")).not.toBeInstanceOf(core.PubSubError);
    expect({ name: "PubSubError", code: "TIMEOUT" }).not.toBeInstanceOf(core.PubSubError);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(Reflect.apply(core.Reject[Symbol.hasInstance], core.Reject, [proxy])).toBe(false);
  });

  it("does not make a subclass of everything", () => {
    class Gone extends core.Reject {}
    class Busy extends core.Reject {}
    expect(new Gone("x")).toBeInstanceOf(Gone);
    expect(new Gone("x")).toBeInstanceOf(copy.Reject);
    expect(new Busy("x")).not.toBeInstanceOf(Gone);
    expect(new core.Reject("x")).not.toBeInstanceOf(Gone);
  });

  it("throws Reject and RetryAfter that are taken for what they are", async () => {
    const adapter = new ScriptedAdapter();
    await using pubsub = await core.connect(adapter);
    const topic = copy.defineTopic("jobs");
    const subscription = copy.defineSubscription(topic, "worker");
    await pubsub.subscribe(subscription, (_event, { id }) => {
      throw id === "reject" ? new copy.Reject("never") : new copy.RetryAfter(1234);
    });
    adapter.deliver({ id: "reject" });
    adapter.deliver({ id: "later" });
    await expect.poll(() => adapter.settles.length).toBe(2);
    expect(adapter.settles).toContainEqual({ id: "reject", attempt: 1, how: "ack", delayMs: undefined });
    expect(adapter.settles).toContainEqual({ id: "later", attempt: 1, how: "retry", delayMs: 1234 });
    expect(adapter.letters[0]?.attributes["anytopic-dead-letter"]).toContain('"reason":"rejected"');
  });

  it("makes topics whose JSON is checked like ours", async () => {
    const adapter = new ScriptedAdapter();
    await using pubsub = await core.connect(adapter);
    const topic = copy.defineTopic("jobs");
    await expect(pubsub.publish(topic, { at: new Date(0) })).rejects.toThrow(/event\.at is a Date/);
    const published = pubsub.publish(topic, { n: 1 });
    await turn();
    await turn();
    adapter.requests[0]?.accept();
    await published;
  });

  it("shares a memory broker, and so the clock, with ours", async () => {
    const topic = core.defineTopic<{ n: number }>("shared");
    const subscription = copy.defineSubscription(topic, "worker");
    await using ours = await core.connect(memory({ name: "two-copies" }), { declarations: [topic, subscription] });
    await using theirs = await copy.connect(memory({ name: "two-copies" }), { provisioning: "off" });
    const got: number[] = [];
    await theirs.subscribe(subscription, ({ n }) => void got.push(n));
    await ours.publish(topic, { n: 7 });
    await expect.poll(() => got).toEqual([7]);
    const refused = theirs.publish(copy.defineTopic("missing"), { n: 8 });
    await expect(refused).rejects.toBeInstanceOf(copy.PubSubError);
    await expect(refused).rejects.toBeInstanceOf(core.PubSubError);
  });

  it("does not read a configuration again that ours has loaded", async () => {
    const environment = { SECRET: "${NOT_A_VARIABLE}" };
    const config = { connections: { main: { url: "memory:", options: { note: "${SECRET}" } } } };
    const load = await loadConfig({ config, environment });
    expect(await copyOfLoadConfig({ config: load.config, environment })).toBe(load);
  });
});
