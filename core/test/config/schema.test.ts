import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { configSchema, loadConfig } from "@anytopic/core/config";

const path = import.meta.resolve("@anytopic/core/config.schema.json");
const published = JSON.parse(readFileSync(new URL(path), "utf8")) as object;
const fits = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(published);

interface Published {
  properties: {
    connections: {
      additionalProperties: { allOf?: unknown; properties: { url: { examples?: unknown }; options: object } };
    };
  };
}

const load = async (config: unknown): Promise<boolean> =>
  await loadConfig({ config: config as object, environment: { X: "1" } }).then(
    () => true,
    () => false,
  );

describe("the published schema", () => {
  test("is the one the checker's table makes, beside what it says of adapters: run scripts/write-config-schema.ts", () => {
    const {
      allOf: _ofAdapters,
      properties,
      ...connection
    } = (published as Published).properties.connections.additionalProperties;
    const { examples: _examples, ...url } = properties.url;
    const plain = structuredClone(published) as Published;
    plain.properties.connections.additionalProperties = { ...connection, properties: { ...properties, url } };
    expect(plain).toEqual(configSchema());
  });

  const full = {
    $schema: "./node_modules/@anytopic/core/schema/anytopic.config.schema.json",
    default: "main",
    connections: { main: { url: "${X:-memory:}", options: { any: { thing: 1 } } }, other: { url: "memory:" } },
    provisioning: "verify",
    publish: { maxPending: 1, maxWaiting: 0, timeoutMs: 100 },
    closeTimeoutMs: "${X}",
    topics: {
      signups: {
        connection: "main",
        mirror: "other",
        name: "prod_Signups",
        subscriptions: {
          "send-mail": {
            name: "mail",
            connections: ["main", "other"],
            maxConcurrency: 5,
            prefetch: 0,
            ackDeadlineMs: 1000,
            maxHandlingMs: 1000,
            retryPolicy: { minBackoffMs: 0, maxBackoffMs: 1, maxRetries: "Infinity", jitter: 0.5 },
          },
        },
      },
    },
    declarations: ["./topics.ts"],
  };

  test.for([full, { connections: { a: { url: "memory:" } } }])("takes what the checker takes", async (config) => {
    expect([fits(config), fits.errors, await load(config)]).toEqual([true, null, true]);
  });

  /** Every property of the file, and values that it must not have. */
  test.for([
    ["unknown", 1],
    ["default", 1],
    ["default", "a b"],
    ["connections", { main: {} }],
    ["connections", { main: { url: "" } }],
    ["connections", { main: { url: 1 } }],
    ["connections", { "a.b": { url: "memory:" } }],
    ["connections", { main: { url: "memory:", options: [] } }],
    ["connections", { main: { url: "memory:", option: {} } }],
    ["provisioning", "create"],
    ["publish", { maxPending: 0 }],
    ["publish", { maxWaiting: -1 }],
    ["publish", { timeoutMs: 99 }],
    ["closeTimeoutMs", 3_600_001],
    ["topics", { Signups: {} }],
    ["topics", { signups: { connection: 1 } }],
    ["topics", { signups: { mirror: "" } }],
    ["topics", { signups: { name: "a.b" } }],
    ["topics", { signups: { subscriptions: { "-mail": {} } } }],
    ["topics", { signups: { subscriptions: { mail: { maxConcurrency: 100_001 } } } }],
    ["topics", { signups: { subscriptions: { mail: { prefetch: 0.5 } } } }],
    ["topics", { signups: { subscriptions: { mail: { connections: [] } } } }],
    ["topics", { signups: { subscriptions: { mail: { connections: ["main", "main"] } } } }],
    ["topics", { signups: { subscriptions: { mail: { retryPolicy: { jitter: 1.1 } } } } }],
    ["topics", { signups: { subscriptions: { mail: { retryPolicy: { maxRetries: "many" } } } } }],
    ["declarations", "topics.ts"],
    ["declarations", [""]],
  ] as const)("refuses what the checker refuses: %s %o", async ([key, value]) => {
    const config = { ...full, [key]: value };
    expect([fits(config), await load(config)]).toEqual([false, false]);
  });
});
