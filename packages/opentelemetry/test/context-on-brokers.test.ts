import { randomUUID } from "node:crypto";

import { defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { openTelemetry } from "@anytopic/opentelemetry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { BROKER_NAMES, startTestBroker, type TestBroker } from "./brokers.ts";
import { registerContexts, Telemetry } from "./telemetry.ts";

registerContexts();

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/;
const numbered = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, `value${index}`]));

describe.each(BROKER_NAMES)("%s", (name) => {
  let broker: TestBroker | undefined;
  beforeAll(async () => {
    broker = await startTestBroker(name);
  });
  afterAll(() => broker?.close());

  interface Received {
    readonly attributes: Readonly<Record<string, string>>;
    readonly native: unknown;
  }

  async function received(pubsub: PubSub, attributes: Record<string, string>): Promise<Received> {
    const topic = defineTopic<number>(`t${randomUUID().slice(0, 8)}`);
    const seen = Promise.withResolvers<Received>();
    const worker = await pubsub.subscribe(defineSubscription(topic, "s"), (_event, context) =>
      seen.resolve({ attributes: context.attributes, native: context.native }),
    );
    await pubsub.publish(topic, 1, { attributes });
    const message = await seen.promise;
    await worker.close();
    return message;
  }

  test("the context arrives beside as many attributes as there is room for, as a plain attribute of the broker's message", async (context) => {
    if (broker === undefined) return context.skip();
    const telemetry = new Telemetry();
    await using pubsub = await broker.connect(openTelemetry({ tracerProvider: telemetry.tracerProvider }));
    const room = Math.min(pubsub.capabilities.maxAttributes, 100);
    const given = numbered(room - 1);
    const { attributes } = await received(pubsub, given);
    expect(attributes).toEqual({ ...given, traceparent: expect.stringMatching(TRACEPARENT) });
    const few = await received(pubsub, { key: "value" });
    expect(plainAttribute(name, few.native)).toMatch(TRACEPARENT);
  });

  test("when there is no room, the message goes without its context", async (context) => {
    if (broker === undefined) return context.skip();
    const telemetry = new Telemetry();
    await using pubsub = await broker.connect(openTelemetry({ tracerProvider: telemetry.tracerProvider }));
    const { maxAttributes } = pubsub.capabilities;
    const given = numbered(maxAttributes);
    expect((await received(pubsub, given)).attributes).toEqual(given);
    expect(await telemetry.tree(2)).toEqual(["publish PRODUCER", "process CONSUMER s attempt=1 outcome=ack"]);
  });
});

/** What a client that does not know anytopic reads. */
function plainAttribute(name: string, native: unknown): string | undefined {
  switch (name) {
    case "memory":
      return (native as { attributes: Record<string, string> }).attributes["traceparent"];
    case "nats":
      return (native as { headers: { get(key: string): string } }).headers.get("traceparent");
    case "rabbitmq":
      return (native as { properties: { headers: Record<string, string> } }).properties.headers["traceparent"];
    case "aws":
      return (native as { MessageAttributes: Record<string, { StringValue: string }> }).MessageAttributes["traceparent"]
        ?.StringValue;
    default:
      return (native as { message: { attributes: Record<string, string> } }).message.attributes["traceparent"];
  }
}
