import { connect } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { expect, onTestFinished, test } from "vitest";
import { leaderlessServer } from "./leaderless-server.ts";

test.each([
  ["2.9.10", 0],
  ["2.12.0", 1],
  ["2.12.7", 1],
  ["2.12.7-RC.1", 1],
  ["2.12.8", 0],
  ["2.12.10", 0],
  ["2.15.1", 0],
])("with nats-server %s connecting warns %i times", async (version, times) => {
  const server = await leaderlessServer("orders", version);
  const warnings: string[] = [];
  const nothing = (): void => {};
  const logger = {
    debug: nothing,
    info: nothing,
    error: nothing,
    warn: (_fields: object, text: string) => void warnings.push(text),
  };
  const pubsub = await connect(nats({ servers: server.url }), { provisioning: "off", logger });
  onTestFinished(async () => pubsub.close({ timeoutMs: 0 }));
  expect(warnings.filter((text) => text.includes("upgrade to nats-server 2.12.8"))).toHaveLength(times);
});
