import { awsCapabilities, awsMessageLimits } from "@anytopic/aws/capabilities";
import { defineTopic } from "@anytopic/core";
import type { DestinationLimits } from "@anytopic/core/relay";
import { gcpCapabilities, gcpMessageLimits } from "@anytopic/gcp/capabilities";
import { memoryCapabilities, memoryMessageLimits } from "@anytopic/memory/capabilities";
import { natsCapabilities, natsMessageLimits } from "@anytopic/nats/capabilities";
import { createOutbox, type Outbox } from "@anytopic/outbox";
import { rabbitmqCapabilities, rabbitmqMessageLimits } from "@anytopic/rabbitmq/capabilities";
import { redisCapabilities, redisMessageLimits } from "@anytopic/redis/capabilities";
import type { SqlExecutor } from "@anytopic/sql";
import { describe, expect, test } from "vitest";

const Files = defineTopic<Uint8Array>("files", { codec: "bytes" });
const Keyed = defineTopic<Uint8Array>("keyed", { codec: "bytes", orderingKey: (body) => "k".repeat(body[0] ?? 1) });
const DESTINATIONS: readonly (readonly [string, DestinationLimits])[] = [
  ["aws", { capabilities: awsCapabilities, messageLimits: awsMessageLimits }],
  ["gcp", { capabilities: gcpCapabilities, messageLimits: gcpMessageLimits }],
  ["memory", { capabilities: memoryCapabilities, messageLimits: memoryMessageLimits }],
  ["nats", { capabilities: natsCapabilities, messageLimits: natsMessageLimits }],
  ["rabbitmq", { capabilities: rabbitmqCapabilities, messageLimits: rabbitmqMessageLimits }],
  ["redis", { capabilities: redisCapabilities, messageLimits: redisMessageLimits }],
];

/** A transaction that only counts its statements. */
class CountedTransaction implements SqlExecutor {
  statements = 0;

  async query(): Promise<readonly []> {
    this.statements += 1;
    return await Promise.resolve([]);
  }
}

const outboxTo = (destinations: DestinationLimits): Outbox<CountedTransaction> =>
  createOutbox({ dialect: "postgres", executor: (tx: CountedTransaction): SqlExecutor => tx, destinations });

describe.each(DESTINATIONS)("with the limits of %s", (_, limits) => {
  const { maxMessageBytes, maxAttributes, maxAttributeValueBytes } = limits.capabilities;

  test("a message beyond them is refused in the transaction, and nothing is sent to the database", async () => {
    const outbox = outboxTo(limits);
    const tx = new CountedTransaction();
    const code = "LIMIT_EXCEEDED";
    await expect(outbox.publish(tx, Files, new Uint8Array(maxMessageBytes + 1))).rejects.toMatchObject({ code });
    const many = Object.fromEntries(Array.from({ length: maxAttributes + 1 }, (__, n) => [`k${n}`, ""]));
    await expect(outbox.publish(tx, Files, new Uint8Array(1), { attributes: many })).rejects.toMatchObject({ code });
    const long = { k: "v".repeat(maxAttributeValueBytes + 1) };
    await expect(outbox.publish(tx, Files, new Uint8Array(1), { attributes: long })).rejects.toMatchObject({ code });
    expect(tx.statements).toBe(0);
  });

  test("a message within them is written, with a key too", async () => {
    const outbox = outboxTo(limits);
    const tx = new CountedTransaction();
    // SNS takes text, which is a third longer than the bytes in it.
    await outbox.publish(tx, Files, new Uint8Array(Math.floor(maxMessageBytes * 0.7)));
    await outbox.publish(tx, Keyed, Uint8Array.of(7));
    expect(tx.statements).toBe(2);
  });
});
