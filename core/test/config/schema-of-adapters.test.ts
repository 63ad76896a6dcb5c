import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";

const path = import.meta.resolve("@anytopic/core/config.schema.json");
const published = JSON.parse(readFileSync(new URL(path), "utf8")) as {
  readonly properties: {
    readonly connections: { readonly additionalProperties: { readonly allOf: readonly Branch[] } };
  };
};

interface Branch {
  readonly if: { readonly properties: { readonly url: { readonly pattern: string } } };
  readonly then: {
    readonly properties: {
      readonly url: { readonly examples: readonly string[] };
      readonly options: { readonly properties: Readonly<Record<string, { readonly description: string }>> };
    };
  };
}

const branches = published.properties.connections.additionalProperties.allOf;
const fits = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(published);
const connection = (url: string, options?: object): boolean =>
  fits({ connections: { main: options === undefined ? { url } : { url, options } } });

/** What an editor shows for a URL. */
const shownFor = (url: string): Branch["then"]["properties"] | undefined =>
  branches.find((branch) => new RegExp(branch.if.properties.url.pattern).test(url))?.then.properties;

describe("the schema of a connection", () => {
  test.for([
    ["nats://127.0.0.1:4222", { replicas: 3, storage: "memory", tls: { caFile: "ca.pem" }, servers: ["a:1", "b:2"] }],
    ["nats://${HOST:-127.0.0.1}:4222?replicas=3&tlsCaFile=ca.pem", { storage: "${STORAGE}" }],
    ["tls://host", { tls: true }],
    ["amqps://app:${PASSWORD}@host/orders?heartbeat=20&connection_name=a", { tls: { servername: "host" } }],
    ["rediss://host:6379/1?cluster=true", { durability: "always" }],
    ["aws://eu-west-1?endpoint=http://127.0.0.1:4566", { maxReceivers: 50 }],
    ["gcp://my-project", { clientConfig: { apiEndpoint: "europe-west1-pubsub.googleapis.com" }, waitingPulls: false }],
    ["memory:orders?maxMessages=1000", { maxBytes: 10_485_760 }],
    ["${BROKER_URL}", { anything: 1 }],
    ["nats://host?${PARAMETERS}", {}],
    ["kafka://of-another-package", { anything: 1 }],
  ] as const)("takes %s with %o", ([url, options]) => {
    expect([connection(url, options), fits.errors]).toEqual([true, null]);
  });

  test.for([
    ["nats://host?replica=3", {}],
    ["nats://host", { replica: 3 }],
    ["nats://host", { replicas: 6 }],
    ["nats://host", { storage: "disk" }],
    ["nats://host", { connection: {} }],
    ["amqp://host?heartbeatSeconds=20", {}],
    ["amqp://host", { heartbeatSeconds: "20" }],
    ["redis://host?db=1", {}],
    ["redis://host", { durability: "sometimes" }],
    ["aws://eu-west-1?region=eu-west-1", {}],
    ["gcp://my-project", { replicas: 3 }],
    ["memory:?maxMessage=1", {}],
  ] as const)("marks %s with %o", ([url, options]) => {
    expect(connection(url, options)).toBe(false);
  });

  test("completes the options of the scheme, each with a description", () => {
    expect(Object.keys(shownFor("rediss://host")?.options.properties ?? {})).toContain("durability");
    expect(Object.keys(shownFor("nats://host")?.options.properties ?? {})).not.toContain("connection");
    for (const { then } of branches)
      for (const { description } of Object.values(then.properties.options.properties)) expect(description).not.toBe("");
  });

  test("shows examples of URLs, which fit", () => {
    expect(branches).toHaveLength(6);
    for (const { then } of branches)
      for (const url of then.properties.url.examples) expect([url, connection(url)]).toEqual([url, true]);
  });
});
