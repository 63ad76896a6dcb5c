import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, silentLogger } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { afterAll, expect, test } from "vitest";

const broker = await startBrokerOrSkip("rabbitmq");
afterAll(async () => broker?.close());

test.skipIf(broker?.admin === undefined)(
  "a publisher that was refused because a queue was full is accepted when it no longer is, on the same connection",
  { timeout: 180_000 },
  async () => {
    const admin = broker!.admin!;
    const topic = defineTopic<number>("narrow");
    const subscription = defineSubscription(topic, "worker");
    await using pubsub = await connect(rabbitmq({ url: broker!.url }), { logger: silentLogger });
    await pubsub.apply([subscription]);
    await admin(["set_policy", "--apply-to", "queues", "narrow", "^narrow[.]worker$", '{"max-length": 2}']);
    const outcome = (): Promise<string> =>
      pubsub.publish(topic, 1).then(
        () => "accepted",
        (error: unknown) => {
          const { code, retryable } = error as { readonly code: string; readonly retryable: boolean };
          return `${code} ${retryable}`;
        },
      );
    await expect.poll(outcome, { timeout: 60_000 }).toBe("UNAVAILABLE true");
    await admin(["clear_policy", "narrow"]);
    // 3.10.8 goes on to refuse what comes on the same channel.
    await expect.poll(outcome, { timeout: 60_000, interval: 100 }).toBe("accepted");
  },
);
