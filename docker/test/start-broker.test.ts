import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BrokerUnavailableError, startBroker, startBrokerOrSkip, type Broker } from "../src/index.ts";
import { isListening } from "./listening.ts";
import { natsRequest } from "./nats-request.ts";

const VARIABLES = [
  "NATS_URL",
  "RABBITMQ_URL",
  "AMQP_URL",
  "REDIS_URL",
  "AWS_ENDPOINT_URL",
  "PUBSUB_EMULATOR_HOST",
  "BROKERS",
];
const opened: Broker[] = [];

beforeEach(() => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((broker) => broker.close()));
});

async function start(...args: Parameters<typeof startBroker>): Promise<Broker> {
  const broker = await startBroker(...args);
  opened.push(broker);
  return broker;
}

async function refusal(...args: Parameters<typeof startBroker>): Promise<BrokerUnavailableError> {
  const error: unknown = await start(...args).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(BrokerUnavailableError);
  return error as BrokerUnavailableError;
}

test("a URL in the environment comes first and is never stopped", async () => {
  const native = await start("nats", { provider: "native" });
  vi.stubEnv("NATS_URL", `nats://somebody:secret@127.0.0.1:${native.port}`);
  const external = await start("nats");
  expect(external).toMatchObject({
    provider: "external",
    implementation: "nats-server",
    version: native.version,
    url: `nats://somebody:secret@127.0.0.1:${native.port}`,
    port: native.port,
  });
  expect([external.kill, external.start, external.admin]).toEqual([undefined, undefined, undefined]);
  await external.close();
  expect(await natsRequest(native, "$JS.API.INFO", undefined)).toHaveProperty("limits");
});

test("a URL where nothing answers is a mistake to correct, and its password is not repeated", async () => {
  vi.stubEnv("RABBITMQ_URL", "amqp://somebody:secret@127.0.0.1:1/");
  const { message, kind } = await refusal("rabbitmq");
  expect(kind).toBe("rabbitmq");
  expect(message).toContain("RABBITMQ_URL names 127.0.0.1:1, but no rabbitmq broker answers there");
  expect(message).not.toContain("secret");
  vi.stubEnv("RABBITMQ_URL", "amqp://somebody:secret@:x");
  expect((await refusal("rabbitmq")).message).toMatch(/RABBITMQ_URL is not a URL such as amqp:\/\/127\.0\.0\.1:5672/);
});

test("external AWS and Pub/Sub endpoints are recognised", async () => {
  const fauxqs = await start("aws", { provider: "embedded" });
  vi.stubEnv("AWS_ENDPOINT_URL", fauxqs.url);
  const { url, port } = fauxqs;
  expect(await start("aws")).toMatchObject({ provider: "external", implementation: "fauxqs", url, port });
  vi.stubEnv("PUBSUB_EMULATOR_HOST", `127.0.0.1:${fauxqs.port}`);
  // It speaks HTTP/1.1 only.
  expect((await refusal("gcp")).message).toContain("no gcp broker answers there");
});

test("asking for an implementation passes the environment by", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
  vi.stubEnv("DOCKER_HOST", "unix:///nonexistent.sock");
  expect(await start("aws", { implementation: "fauxqs" })).toMatchObject({ provider: "embedded" });
});

test("AWS in process: fauxqs answers, and cannot be killed", async () => {
  const broker = await start("aws", { provider: "embedded" });
  expect(broker).toMatchObject({ implementation: "fauxqs", survivesRestart: false });
  expect(broker.kill).toBeUndefined();
  expect((await fetch(broker.url)).status).toBeGreaterThan(0);
  await Promise.all([broker.close(), broker.close()]);
  expect(await isListening(broker.host, broker.port)).toBe(false);
});

test("BROKERS forces one provider and refuses a word it does not know", async () => {
  vi.stubEnv("BROKERS", "external");
  expect((await refusal("nats")).message).toContain("NATS_URL not set");
  vi.stubEnv("BROKERS", "native");
  expect((await start("nats")).provider).toBe("native");
  expect((await start("aws")).provider).toBe("embedded");
  vi.stubEnv("BROKERS", "dokcer");
  await expect(startBroker("nats")).rejects.toThrow(
    'BROKERS is "dokcer"; it can be external, docker, native, embedded',
  );
});

test("without an engine, Docker says so and names the command", async () => {
  vi.stubEnv("BROKERS", "docker");
  vi.stubEnv("DOCKER_HOST", "unix:///nonexistent.sock");
  const { message, command } = await refusal("nats");
  expect(message).toContain("docker: no engine answers");
  expect(command).toBe("docker/engine.sh start");
});

test("a missing program is named with the command that installs it", async () => {
  vi.stubEnv("PATH", "/nonexistent");
  const { message, command } = await refusal("aws", { provider: "native", implementation: "moto" });
  expect(message).toContain("there is no moto_server on the PATH");
  expect(command).toBe("scripts/install-brokers.sh aws");
});

test("where nothing is to be had: a loud skip, and a failure in CI", async () => {
  vi.stubEnv("BROKERS", "external");
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  vi.stubEnv("CI", undefined);
  expect(await startBrokerOrSkip("gcp")).toBeUndefined();
  expect(write.mock.calls.join("")).toMatch(/SKIPPED, no gcp broker to test against/);
  vi.stubEnv("CI", "true");
  await expect(startBrokerOrSkip("gcp")).rejects.toBeInstanceOf(BrokerUnavailableError);
});

test("configuration lines reach the server", async () => {
  const config = 'authorization { user: "somebody", password: "secret" }\njetstream { max_mem: 1MB }';
  const broker = await start("nats", { provider: "native", config });
  await expect(natsRequest(broker, "$JS.API.INFO", undefined)).rejects.toThrow("Authorization Violation");
  const login = { user: "somebody", pass: "secret" };
  expect(await natsRequest(broker, "$JS.API.INFO", undefined, login)).toHaveProperty("limits");
});

test("a server that refuses its configuration is quoted", async () => {
  const { message } = await refusal("nats", { provider: "native", config: "no_such_setting: 1" });
  expect(message).toContain("nats-server did not start: it ended while starting");
  expect(message).toContain("no_such_setting");
});

test("a Redis server takes configuration, also one with a password, and is recognised in the environment", async () => {
  const guarded = await start("redis", { provider: "native", config: "requirepass secret" });
  expect(await guarded.admin?.(["PING"])).toMatch(/NOAUTH/);
  expect(await guarded.admin?.(["-a", "secret", "--no-auth-warning", "CONFIG", "GET", "appendonly"])).toContain("yes");
  const open = await start("redis", { provider: "native" });
  vi.stubEnv("REDIS_URL", open.url);
  expect(await start("redis")).toMatchObject({ provider: "external", implementation: "redis", version: open.version });
});

test("a sentinel is a broker of its own that watches a server", async () => {
  const primary = await start("redis", { provider: "native" });
  const config = `sentinel monitor main 127.0.0.1 ${primary.port} 1`;
  const sentinel = await start("redis", { provider: "native", implementation: "redis-sentinel", config });
  expect(sentinel.implementation).toBe("redis-sentinel");
  expect(await sentinel.admin?.(["SENTINEL", "get-master-addr-by-name", "main"])).toContain(String(primary.port));
});
