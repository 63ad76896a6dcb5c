import { readFileSync } from "node:fs";
import { adapterModule, rabbitmq, rabbitmqCapabilities } from "@anytopic/rabbitmq";
import { expect, test } from "vitest";
import { parseAddress } from "../src/connection/address.ts";
import { checkedOptions, OPTIONS, optionsFromUrl } from "../src/options.ts";

test("a URL tells host, port, virtual host and login, percent-decoded", () => {
  expect(parseAddress("amqps://us%40er:pa%2Fss@[::1]/my%2Fhost")).toEqual({
    secure: true,
    host: "::1",
    port: 5671,
    vhost: "my/host",
    username: "us@er",
    password: "pa/ss",
    display: "amqps://[::1]:5671/my%2Fhost",
  });
  expect(parseAddress("amqp://rabbit.example")).toMatchObject({
    port: 5672,
    vhost: "/",
    username: "guest",
    password: "guest",
  });
});

test.each([
  ["http://user:hunter2@host/", "must look like"],
  ["amqp://user:hunter2@host:99999/", "must look like"],
  ["amqp://user:hunter2@host/a/b", "%2F"],
  ["amqp:/user:hunter2@host", "must look like"],
  ["amqp:user:hunter2@host", "must look like"],
  ["amqp://user:12/hunter2@host", "@ behind its host"],
  ["amqp:///user:hunter2@host", "@ behind its host"],
  ["amqp://user:hunter2@host/#x", "fragment"],
  ["amqp://user:hunter2%@host/", "percent-encoded"],
])("%s is refused without its password", (url, words) => {
  const refused = (): unknown => rabbitmq({ url });
  expect(refused).toThrow(TypeError);
  expect(refused).toThrow(words);
  expect(refused).not.toThrow(/hunter2/);
  expect(() => adapterModule.fromUrl(url)).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }) as Error);
});

test("the management API has the login of the broker, or its own", () => {
  const url = "amqp://us%40er:pa%2Fss@host/my%2Fhost";
  expect(checkedOptions({ url, managementUrl: "https://host:15671/" }).management).toEqual({
    origin: "https://host:15671",
    vhost: "my/host",
    credentials: "us@er:pa/ss",
  });
  const own = optionsFromUrl(`${url}?management_url=${encodeURIComponent("http://ad:m%2Fin@other/path/")}`, undefined);
  expect(own.management).toMatchObject({ origin: "http://other/path", credentials: "ad:m/in" });
});

test.each([
  "amqp://user:hunter2@host",
  "http://user:hunter2@host:99999",
  "http://user:hunter2%@host",
  "http://user:hunter2@host/?x",
  7,
])("the management API %s is refused without its password", (managementUrl) => {
  const refused = (): unknown => rabbitmq({ managementUrl: managementUrl as string });
  expect(refused).toThrow(TypeError);
  expect(refused).toThrow("managementUrl");
  expect(refused).not.toThrow(/hunter2/);
});

test("query parameters and further options come together", () => {
  const url = "amqps://host/?heartbeat=5&connection_timeout=700&prefix=dev-&connection_name=me&content_type=text/plain";
  expect(optionsFromUrl(url, { tls: { servername: "s" } })).toMatchObject({
    heartbeatSeconds: 5,
    connectTimeoutMs: 700,
    prefix: "dev-",
    connectionName: "me",
    contentType: "text/plain",
    tls: { servername: "s" },
  });
});

test.each([
  ["amqp://host/?hartbeat=5", undefined, 'no parameter "hartbeat": known are heartbeat'],
  ["amqp://host/?heartbeat=soon", undefined, "must be a whole number"],
  ["amqp://host/?heartbeat=0", undefined, "from 1 to 3600"],
  ["amqp://host/", { url: "amqp://other/" }, "url"],
  [
    "amqp://host/?prefix=a&heartbeat=5",
    { prefix: "b", heartbeatSeconds: 6 },
    'disagree on "prefix", "heartbeatSeconds"',
  ],
  ["amqp://host/?prefix=a&prefix=b", undefined, "prefix twice"],
  ["amqp://host/", { tls: { servername: "host" } }, "write amqps:"],
  ["amqp://host/", { prefetch: 1 }, "prefetch"],
  ["amqp://host/", 7, "must be an object"],
])("%s with %o is INVALID_CONFIG", (url, options, words) => {
  const problem = { code: "INVALID_CONFIG", message: expect.stringContaining(words) as string };
  expect(() => adapterModule.fromUrl(url, options)).toThrow(expect.objectContaining(problem) as Error);
});

test("the URL and the options may say the same", () => {
  const further = { prefix: "dev-", heartbeatSeconds: 5, contentType: undefined };
  expect(optionsFromUrl("amqp://host/?heartbeat=5&prefix=dev-", further)).toMatchObject({
    prefix: "dev-",
    heartbeatSeconds: 5,
  });
});

test.each([
  [{ url: [] }, "at least one"],
  [{ url: ["amqps://a/", "amqp://b/"], tls: {} }, "amqp://b:5672/"],
  [{ connectTimeoutMs: 50 }, "100"],
  [{ prefix: 7 as unknown as string }, "prefix"],
  [{ contentType: "x".repeat(256) }, "contentType"],
  [{ tls: true as unknown as object }, "tls"],
])("%o is a TypeError", (options, words) => {
  expect(() => rabbitmq(options)).toThrow(TypeError);
  expect(() => rabbitmq(options)).toThrow(words);
});

test("the README has every option, and its name in a URL", () => {
  const readme = readFileSync(`${import.meta.dirname}/../README.md`, "utf8").split("\n## ");
  const table = readme.find((section) => section.startsWith("Options")) ?? "";
  const rows = [...table.matchAll(/^\| `(\w+)` +\| (?:`(\w+)`)? +\|/gm)];
  const documented = rows.map(([, name, parameter]) => [name, parameter ?? false]);
  const declared = Object.entries(OPTIONS.rules).map(([name, { inUrl }]) => [name, inUrl === true ? name : inUrl]);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(declared));
});

test("options have defaults, and the adapter knows its schemes", () => {
  expect(checkedOptions()).toMatchObject({
    prefix: "",
    heartbeatSeconds: 10,
    connectTimeoutMs: 10_000,
    connectionName: "anytopic",
  });
  expect(adapterModule.schemes).toEqual(["amqp", "amqps"]);
});

test("capabilities are frozen data", () => {
  expect(structuredClone(rabbitmqCapabilities)).toEqual(rabbitmqCapabilities);
  expect(Object.isFrozen(rabbitmqCapabilities)).toBe(true);
  expect(rabbitmq().capabilities).toBe(rabbitmqCapabilities);
});
