import { expect, test } from "vitest";
import { connect, defineTopic, PubSubError, type Adapter, type PubSubEvent } from "@anytopic/core";
import type { DriverContext } from "@anytopic/core/driver";
import { memory } from "@anytopic/memory";
import { twoBrokers } from "./two-brokers.ts";

const Audits = defineTopic<number>("audits");

test("health and events say which connection is in trouble", async () => {
  const inner = memory();
  let report: DriverContext["status"] | undefined;
  const adapter: Adapter = {
    ...inner,
    open: (context, signal) => {
      report = (state, error) => context.status(state, error);
      return inner.open(context, signal);
    },
  };
  const events: PubSubEvent[] = [];
  const config = { ...twoBrokers(), topics: { audits: { connection: "b" } } };
  const pubsub = await connect(adapter, { config, declarations: [Audits], observer: (event) => events.push(event) });
  expect(pubsub.health()).toMatchObject({ status: "up", connections: [{ name: "a" }, { name: "b" }] });

  const error = new PubSubError("UNAVAILABLE", "the broker went away");
  report?.("down", error);
  const shown = { code: "UNAVAILABLE", message: error.message };
  expect(pubsub.health()).toMatchObject({
    // The other connection works.
    status: "degraded",
    adapter: "memory",
    connection: "down",
    error: shown,
    connections: [
      { name: "a", adapter: "memory", state: "down", error: shown },
      { name: "b", adapter: "memory", state: "up", error: undefined },
    ],
  });
  expect(events).toMatchObject([{ type: "connection", connection: "a", state: "down", error }]);
  await pubsub.publish(Audits, 1);
  report?.("up");
  expect(pubsub.health()).toMatchObject({ status: "up", connection: "up", error: undefined });
  await pubsub.close();
  expect(pubsub.health()).toMatchObject({ status: "down", connections: [{ state: "down" }, { state: "down" }] });
});
