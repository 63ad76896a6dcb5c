import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type Logger } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { afterAll, expect, test } from "vitest";

const MOST_BYTES = 100_000;
const broker = await startBrokerOrSkip("rabbitmq", { config: `max_message_size = ${MOST_BYTES}` });
afterAll(async () => await broker?.close());

// The limit of an external broker, or of a container, is not ours to set.
test.skipIf(broker?.provider !== "native")(
  "a message above the server's max_message_size is refused alone, and after the first one before it is sent",
  async () => {
    const closed: string[] = [];
    const debug = (_fields: object, message: string): void => void closed.push(message);
    const logger: Logger = { debug, info() {}, warn() {}, error() {} };
    await using pubsub = await connect(rabbitmq({ url: broker!.url }), { logger });
    const topic = defineTopic<{ n: number; padding?: string }>("large");
    const got = new Set<number>();
    await pubsub.subscribe(defineSubscription(topic, "worker"), ({ n }) => void got.add(n));
    const neighbours = (round: number): Promise<unknown>[] =>
      Array.from({ length: 10 }, (_, index) => pubsub.publish(topic, { n: round * 10 + index }));
    const large = (): Promise<unknown> => pubsub.publish(topic, { n: -1, padding: "x".repeat(MOST_BYTES) });

    const first = neighbours(0);
    const refused = [large(), large()];
    const results = await Promise.allSettled([...first, ...neighbours(1), ...refused]);
    expect(results.slice(0, 20).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => "fulfilled"));
    for (const result of results.slice(20)) {
      expect(result).toMatchObject({ reason: { code: "LIMIT_EXCEEDED", retryable: false } });
    }
    await expect.poll(() => got.size).toBe(20);
    expect(got).not.toContain(-1);

    closed.length = 0;
    const again = await Promise.allSettled([...neighbours(2), large(), ...neighbours(3)]);
    expect(again.filter(({ status }) => status === "rejected")).toMatchObject([
      { reason: { code: "LIMIT_EXCEEDED", message: expect.stringContaining(String(MOST_BYTES)) as string } },
    ]);
    expect(closed).toEqual([]);
    expect(pubsub.health().status).toBe("up");
  },
);
