import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBroker, type Broker } from "../src/index.ts";
import { containersWith } from "./containers-with.ts";
import { killAndStart } from "./kill-and-start.ts";
import { isListening } from "./listening.ts";

// An engine with these images is asked for by name: with BROKERS=docker none of this may be missing.
const isDocker = process.env["BROKERS"] === "docker";

describe.runIf(isDocker).each(["nats", "rabbitmq", "redis", "aws", "gcp"] as const)("%s in a container", (kind) => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startBroker(kind, { provider: "docker" });
  });
  afterAll(() => broker?.close());

  test("says what it is, and listens on the one address that reaches it from here", () => {
    expect(broker.provider).toBe("docker");
    expect(broker.version).not.toBe("");
    const binding = execFileSync("docker", ["port", containersWith(broker.port)], { encoding: "utf8" });
    expect(binding.trim().split("\n")).toEqual([expect.stringMatching(/^\d+\/tcp -> /)]);
    expect(binding.trim().split(" -> ")[1]).toBe(`${broker.host}:${broker.port}`);
  });

  test("dies and comes back on the same port, with its state or without as it says", { timeout: 180_000 }, async () => {
    expect(await killAndStart(broker)).toEqual({
      listenedWhileDead: false,
      kept: [false, true, broker.survivesRestart, true],
    });
  });

  test("close removes the container, twice, and it cannot be started again", async () => {
    expect(containersWith(broker.port)).not.toBe("");
    await Promise.all([broker.close(), broker.close()]);
    expect(await isListening(broker.host, broker.port)).toBe(false);
    expect(containersWith(broker.port)).toBe("");
    await expect(broker.start?.()).rejects.toThrow(/closed/);
  });
});

describe.runIf(isDocker)("a RabbitMQ node in a container", () => {
  test("soon tries again what it could not dead-letter while it started, as a native one does", async () => {
    const broker = await startBroker("rabbitmq", { provider: "docker" });
    try {
      const setting = "application:get_env(rabbit, dead_letter_worker_publisher_confirm_timeout).";
      expect(await broker.admin?.(["eval", setting])).toContain("{ok,5000}");
    } finally {
      await broker.close();
    }
  });
});

describe.runIf(isDocker)("a container that cannot start", () => {
  test("is quoted and removed", async () => {
    const config = "no_such_setting: 1";
    await expect(startBroker("nats", { provider: "docker", config })).rejects.toThrow(/no_such_setting/);
    expect(execFileSync("docker", ["ps", "--all", "--quiet", "--filter", "status=exited"], { encoding: "utf8" })).toBe(
      "",
    );
  });
});
