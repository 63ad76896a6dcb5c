import { defineTopic } from "@anytopic/core";
import type { DriverPublisher } from "@anytopic/core/driver";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, equalBytes, rejects } from "../../expect.ts";
import { forwardDriver } from "../../intercept.ts";

export const messageLimit: Behaviour = behaviour({
  id: "publish.message-limit",
  rows: [38],
  statements: ["C3"],
  title:
    "a message of exactly the largest size passes; one byte more is refused before the network, saying both numbers",
  tier: "full",
  async run(context) {
    const limit = context.capabilities.maxMessageBytes;
    let publisher: DriverPublisher | undefined;
    const pubsub = await context.open({
      intercept: (driver) =>
        forwardDriver(driver, { openPublisher: async (spec) => (publisher = await driver.openPublisher(spec)) }),
    });
    const topic = context.declare(defineTopic<Uint8Array>(context.name(), { codec: "bytes" }));
    const subscription = context.subscription(topic);
    await pubsub.apply([topic, subscription]);
    let arrived: Uint8Array | undefined;
    await pubsub.subscribe(subscription, (body, { id }) => {
      if (id === "largest") arrived = Uint8Array.from(body);
    });
    const attributes = { "left-over": "ü" };
    await pubsub.publish(topic, Uint8Array.of(1), { attributes });
    const sizeOf = (bodyBytes: number): number =>
      publisher?.sizeOf({
        id: "largest",
        body: Buffer.alloc(bodyBytes, 7),
        attributes,
        orderingKey: undefined,
        publishTimeMs: Date.now(),
      }) ?? NaN;
    const largest = largestFitting(limit, (bytes) => sizeOf(bytes) <= limit);
    const before = context.traffic.publishRequests;

    const error = await rejects(
      pubsub.publish(topic, Buffer.alloc(largest + 1, 7), { attributes, id: "largest" }),
      "LIMIT_EXCEEDED",
      "a message one byte above the limit",
    );
    check(error.message.includes(String(limit)), `the error to name the limit ${limit}: ${error.message}`);
    check(!error.retryable, "the error not to be retryable");
    equal(context.traffic.publishRequests, before, "the publish requests that reached the driver");

    await pubsub.publish(topic, Buffer.alloc(largest, 7), { attributes, id: "largest" });
    await context.eventually(() => arrived !== undefined, "the largest message to arrive");
    equalBytes(arrived ?? Buffer.alloc(0), Buffer.alloc(largest, 7), "the largest body");
  },
});

/** The largest n up to `limit` for which `fits` holds, by bisection. */
function largestFitting(limit: number, fits: (bytes: number) => boolean): number {
  let low = 0;
  let high = limit;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
