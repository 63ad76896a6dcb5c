import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { connect, defineSubscription, defineTopic, MemoryInbox, type ConnectOptions } from "@anytopic/core";
import { afterEach, describe, expect, it, vi } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";

afterEach(() => vi.unstubAllEnvs());

describe("connect", () => {
  it.each([
    ["kafka://h", "INVALID_CONFIG", /no adapter for URLs that begin with kafka:.*memory:, nats:/],
    [
      "s3cret:user@h",
      "INVALID_CONFIG",
      /^no adapter for the broker URL \(its beginning is not shown: .*memory:, nats:/,
    ],
    ["kafka:user@h", "INVALID_CONFIG", /^no adapter for the broker URL \(/],
    ["correcthorsebattery:4222", "INVALID_CONFIG", /^no adapter for the broker URL \(/],
    ["localhost", "INVALID_CONFIG", /has no scheme/],
    ["", "INVALID_CONFIG", /no broker is configured.*ANYTOPIC_URL/],
  ])("refuses the URL %j", async (url, code, message) => {
    vi.stubEnv("ANYTOPIC_URL", "");
    const refused = connect(url);
    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.toThrow(message);
  });

  it.each([
    [{ provisioning: "maybe" }, /provisioning is 'maybe': must be one of "ensure", "verify", "off"/],
    [{ publish: { maxPending: 0 } }, /publish.maxPending is 0: must be a whole number from 1 to 100000/],
    [{ retries: 3 }, /connect has no option "retries"/],
    [{ adapterOptions: {} }, /adapterOptions go with a URL/],
  ])("refuses the options %j", async (options, message) => {
    const refused = connect(new ScriptedAdapter(), options as ConnectOptions);
    await expect(refused).rejects.toThrow(TypeError);
    await expect(refused).rejects.toThrow(message);
  });

  it("says which package to install when the adapter is missing", () => {
    const folder = mkdtempSync(join(tmpdir(), "anytopic-"));
    try {
      // Core alone, as it would be installed without any adapter beside it.
      const core = fileURLToPath(new URL("../src/index.ts", import.meta.url));
      const script = `
        import { registerHooks } from "node:module";
        registerHooks({ resolve(specifier, context, next) {
          if (specifier === "@anytopic/nats") throw Object.assign(new Error("Cannot find package '@anytopic/nats'"), { code: "ERR_MODULE_NOT_FOUND" });
          return next(specifier, context);
        } });
        const { connect } = await import(${JSON.stringify(core)});
        await connect("nats://127.0.0.1").catch((error) => console.log(error.code, error.message));`;
      const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
        cwd: folder,
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      expect(stdout).toContain("ADAPTER_NOT_INSTALLED");
      expect(stdout).toContain("npm install @anytopic/nats");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("provisioning", () => {
  const topic = defineTopic("t");
  const subscription = defineSubscription(topic, "s");

  it("ensure creates on first use, once", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    expect(adapter.applied).toEqual([]);
    await pubsub.subscribe(subscription, () => {});
    await pubsub.subscribe(subscription, () => {});
    expect(adapter.applied).toEqual(["t", "t/s"]);
  });

  it("verify fails at connect with the list of what is missing and what differs", async () => {
    const adapter = new ScriptedAdapter();
    adapter.changes = [
      { action: "create", resource: "queue t.s", detail: "" },
      { action: "update", resource: "topic t", detail: "retention is 1 d, declared 7 d" },
    ];
    const refused = connect(adapter, { provisioning: "verify", declarations: [subscription] });
    await expect(refused).rejects.toMatchObject({ code: "TOPOLOGY_MISMATCH" });
    await expect(refused).rejects.toThrow(/missing: queue t\.s\n.*differs: topic t: retention is 1 d, declared 7 d/);
    expect(adapter.applied).toEqual([]);
  });

  it("off makes no admin call", async () => {
    const adapter = new ScriptedAdapter();
    adapter.changes = [{ action: "create", resource: "queue t.s", detail: "" }];
    const pubsub = await connect(adapter, { provisioning: "off", declarations: [subscription] });
    await pubsub.subscribe(subscription, () => {});
    expect(adapter.applied).toEqual([]);
  });
});

describe("capabilities", () => {
  const ordered = defineTopic<string>("ordered", { orderingKey: (event) => event });
  const once = defineTopic<string>("once", { deliveryGuarantee: "exactly-once" });

  it("refuses what the adapter lacks, naming the capability and the remedy", async () => {
    const pubsub = await connect(new ScriptedAdapter({ ordering: "none", exactlyOnce: "none" }));
    await expect(pubsub.publish(ordered, "x")).rejects.toThrow(
      /has an ordering key: the scripted adapter has ordering: "none"; leave out orderingKey/,
    );
    await expect(pubsub.publish(once, "x")).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
  });

  it("needs an inbox where the broker has no exactly-once of its own", async () => {
    const adapter = new ScriptedAdapter({ exactlyOnce: "inbox" });
    await expect(connect(adapter, { declarations: [once] })).rejects.toThrow(/inbox store/);
    await expect(connect(adapter, { declarations: [once], inbox: new MemoryInbox() })).resolves.toBeDefined();
  });

  it("refuses delays and deadlines beyond the adapter's", async () => {
    const pubsub = await connect(
      new ScriptedAdapter({ nackDelay: { maxMs: 1000, granularityMs: 1 }, maxLeaseMs: 60_000 }),
    );
    const slow = defineSubscription(defineTopic("t"), "slow");
    const long = defineSubscription(defineTopic("t"), "long", { retryPolicy: { minBackoffMs: 1, maxBackoffMs: 1000 } });
    await expect(pubsub.subscribe(slow, () => {})).rejects.toThrow(/maxBackoffMs is 600000.*nackDelay.maxMs 1000/);
    await expect(pubsub.subscribe(long, () => {})).rejects.toThrow(/maxHandlingMs is 900000.*maxLeaseMs 60000/);
  });
});

it("an observer that throws is logged and harms nobody", async () => {
  const logged: string[] = [];
  const logger = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (_: object, message: string) => void logged.push(message),
  };
  const adapter = new ScriptedAdapter();
  const pubsub = await connect(adapter, {
    logger,
    observer: () => {
      throw new Error("mine");
    },
  });
  const published = pubsub.publish(defineTopic("t"), {});
  await vi.waitFor(() => expect(adapter.requests).toHaveLength(1));
  adapter.requests[0]?.accept();
  await published;
  expect(logged).toContain("the observer threw");
});
