import { describe, expect, test } from "vitest";
import { loadConfig } from "@anytopic/core/config";

const main = { main: { url: "memory:" } };
const two = { default: "main", connections: { main: { url: "memory:a" }, other: { url: "memory:b" } } };
const topics = (signups: unknown): unknown => ({ ...two, topics: { signups } });
const mail = (subscription: unknown): unknown => topics({ subscriptions: { mail: subscription } });

async function errorOf(config: unknown, environment: Record<string, string> = {}): Promise<string> {
  const error = await loadConfig({ config: config as object, environment }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: "PubSubError", code: "INVALID_CONFIG" });
  return (error as Error).message;
}

const cases: readonly (readonly [string, unknown, ...(string | RegExp)[]])[] = [
  [
    "an unknown key",
    { connections: main, topcis: {} },
    'topcis is not known here: did you mean "topics"?',
    "known are $schema, default",
  ],
  ["no connections", { topics: {} }, "connections names no broker"],
  ["connections of the wrong type", { connections: [] }, "connections is a list: must be an object"],
  ["no url", { connections: { main: {} } }, "connections.main.url is missing"],
  [
    "an empty url",
    { connections: { main: { url: "" } } },
    "connections.main.url is empty: must be text that is not empty",
  ],
  ["a url of the wrong type", { connections: { main: { url: 5 } } }, "connections.main.url is of type number"],
  [
    "a connection that is text",
    { connections: { main: "memory:" } },
    "connections.main is 'memory:': must be an object with url, options",
  ],
  [
    "options that are a list",
    { connections: { main: { url: "memory:", options: [1] } } },
    "connections.main.options is a list: must be an object",
  ],
  [
    "a connection's name",
    { connections: { "a.b": { url: "memory:" } } },
    'connections["a.b"] has a name that is not allowed',
  ],
  [
    "no default of several",
    { connections: two.connections },
    'default is missing: there are several connections, so one of "main", "other"',
  ],
  [
    "an unknown default",
    { ...two, default: "mian" },
    `default is 'mian', and there is no such connection: did you mean "main"? known are "main", "other"`,
  ],
  [
    "an unknown connection",
    topics({ connection: "elsewhere" }),
    `topics.signups.connection is 'elsewhere', and there is no such connection: known are "main", "other"`,
  ],
  [
    "an unknown mirror",
    topics({ mirror: "elsewhere" }),
    "topics.signups.mirror is 'elsewhere', and there is no such connection",
  ],
  [
    "a mirror of itself",
    topics({ connection: "other", mirror: "other" }),
    "topics.signups.mirror is 'other', which is the topic's connection",
  ],
  [
    "a mirror of the default",
    topics({ mirror: "main" }),
    "topics.signups.mirror is 'main', which is the topic's connection",
  ],
  [
    "an unknown subscription's connection",
    mail({ connections: ["main", "elsewhere"] }),
    "topics.signups.subscriptions.mail.connections[1] is 'elsewhere'",
  ],
  [
    "a connection twice",
    mail({ connections: ["main", "main"] }),
    "topics.signups.subscriptions.mail.connections[1] repeats an earlier entry",
  ],
  [
    "no connections of a subscription",
    mail({ connections: [] }),
    "topics.signups.subscriptions.mail.connections is empty",
  ],
  [
    "a topic's name",
    { connections: main, topics: { Signups: {} } },
    "topics.Signups has a name that is not allowed: must be 1 to 63 lower-case letters",
  ],
  [
    "a physical name",
    topics({ name: "sign ups" }),
    "topics.signups.name is 'sign ups': must be 1 to 63 letters, digits",
  ],
  ["too long a physical name", topics({ name: "s".repeat(64) }), "topics.signups.name is 'sss"],
  [
    "a key under a topic",
    topics({ conection: "other" }),
    'topics.signups.conection is not known here: did you mean "connection"?',
  ],
  [
    "an override",
    mail({ maxConcurrency: 0 }),
    "topics.signups.subscriptions.mail.maxConcurrency is 0: must be a whole number from 1 to 100000",
  ],
  ["a fraction", mail({ prefetch: 1.5 }), "mail.prefetch is 1.5: must be a whole number from 0 to 100000"],
  [
    "an ack deadline",
    mail({ ackDeadlineMs: 999 }),
    "mail.ackDeadlineMs is 999: must be a whole number from 1000 to 600000 ms",
  ],
  ["text for a number", mail({ ackDeadlineMs: "30s" }), "mail.ackDeadlineMs is '30s': must be a whole number"],
  ["a number as text", mail({ ackDeadlineMs: "30000" }), "mail.ackDeadlineMs is '30000': must be a whole number"],
  [
    "handling shorter than the lease",
    mail({ ackDeadlineMs: 5000, maxHandlingMs: 4000 }),
    "mail.maxHandlingMs is 4000, less than ackDeadlineMs, which is 5000",
  ],
  [
    "a retry policy",
    mail({ retryPolicy: { retries: 5 } }),
    "mail.retryPolicy.retries is not known here: known are minBackoffMs, maxBackoffMs, maxRetries, jitter",
  ],
  [
    "retries",
    mail({ retryPolicy: { maxRetries: "many" } }),
    `mail.retryPolicy.maxRetries is 'many': must be a whole number from 0 to 1000000, or "Infinity"`,
  ],
  ["jitter", mail({ retryPolicy: { jitter: 2 } }), "mail.retryPolicy.jitter is 2: must be a number from 0 to 1"],
  ["a rate", mail({ rate: { max: 5 } }), "mail.rate.perMs is missing"],
  [
    "a rate of none",
    mail({ rate: { max: 0, perMs: 1 } }),
    "mail.rate.max is 0: must be a whole number from 1 to 100000",
  ],
  [
    "a circuit",
    mail({ circuit: { openMs: 9, maxOpenMs: 8 } }),
    "mail.circuit.maxOpenMs is 8, less than openMs, which is 9",
  ],
  [
    "backoff",
    mail({ retryPolicy: { minBackoffMs: 9, maxBackoffMs: 8 } }),
    "mail.retryPolicy.maxBackoffMs is 8, less than minBackoffMs, which is 9",
  ],
  [
    "provisioning",
    { connections: main, provisioning: "create" },
    `provisioning is 'create': must be one of "ensure", "verify", "off"`,
  ],
  [
    "publish",
    { connections: main, publish: { timeoutMs: 5 } },
    "publish.timeoutMs is 5: must be a whole number from 100 to 600000 ms",
  ],
  ["closing", { connections: main, closeTimeoutMs: -1 }, "closeTimeoutMs is -1: must be a whole number from 0"],
  ["declarations", { connections: main, declarations: "./topics.ts" }, "declarations is './topics.ts': must be a list"],
  ["one declaration", { connections: main, declarations: [7] }, "declarations[0] is 7: must be text that is not empty"],
  [
    "topics with one name",
    { connections: main, topics: { a: { name: "x" }, b: { name: "x" } } },
    "topics.b.name is named 'x' on the broker, as is topics.a.name",
  ],
  [
    "a topic with another's name",
    { connections: main, topics: { a: {}, b: { name: "a" } } },
    "topics.b.name is named 'a' on the broker, as is topics.a",
  ],
  [
    "subscriptions with one name",
    topics({ subscriptions: { a: { name: "b" }, b: {} } }),
    "topics.signups.subscriptions.b is named 'b' on the broker, as is topics.signups.subscriptions.a.name",
  ],
  [
    "topics with one name by a mirror",
    { ...two, topics: { a: { connection: "main", mirror: "other" }, b: { connection: "other", name: "a" } } },
    "topics.b.name is named 'a' on the broker, as is topics.a",
  ],
  [
    "topics with one name on one broker by two connections",
    {
      default: "a",
      connections: { a: { url: "memory:same" }, b: { url: "memory:same" } },
      topics: { x: { connection: "a", name: "n" }, y: { connection: "b", name: "n" } },
    },
    "topics.y.name is named 'n' on the broker, as is topics.x.name",
  ],
  ["__proto__", JSON.parse('{"connections":{"main":{"url":"memory:"}},"__proto__":{}}'), "__proto__ is not known here"],
  ["constructor", { connections: main, constructor: {} }, "constructor is not known here"],
];

describe("wrong input", () => {
  test.for(cases)("%s", async ([, config, ...parts]) => {
    const message = await errorOf(config);
    for (const part of parts) expect(message).toContain(part);
    expect(message).toMatch(/^the configuration/);
  });

  test("several problems are reported at once, in the order of the file", async () => {
    const message = await errorOf({
      connections: { main: { url: "${BROKER}" } },
      provisioning: "maybe",
      topics: { a: { connection: "x" }, b: { subscriptions: { s: { prefetch: -1 } } } },
    });
    expect(message).toMatch(/^the configuration has 4 problems:\n/);
    for (const path of [
      "connections.main.url needs",
      "provisioning is",
      "topics.a.connection is",
      "topics.b.subscriptions.s.prefetch is",
    ]) {
      expect(message).toContain(`\n  ${path}`);
    }
  });

  test("names on different brokers may be the same", async () => {
    const { config } = await loadConfig({
      config: { ...two, topics: { a: { connection: "main", name: "x" }, b: { connection: "other", name: "x" } } },
      environment: {},
    });
    expect(config.topics["b"]?.name).toBe("x");
  });
});
