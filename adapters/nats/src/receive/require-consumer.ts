import { PubSubError, type SubscriptionSpec } from "@anytopic/core/driver";
import type { ConsumerConfig } from "@nats-io/jetstream";
import type { Connection } from "../connection.ts";
import { untilLost } from "../connection/until-lost.ts";
import { toPubSubError } from "../errors.ts";
import { NANOSECONDS_PER_MS } from "../limits.ts";
import type { SubscriptionNames } from "../names.ts";
import { consumerResource, subscriptionConsumer } from "../topology/topology-config.ts";

/**
 * Waits for the connection, and checks that the consumer exists and that a worker can use it. With a shorter lease than
 * declared, messages would be delivered twice; with another kind of consumer, they would be lost.
 */
export async function requireConsumer(
  connection: Connection,
  names: SubscriptionNames,
  subscription: SubscriptionSpec,
): Promise<void> {
  const what = consumerResource(subscriptionConsumer(connection.options, subscription));
  for (;;) {
    await connection.waitUntilConnected();
    try {
      const { config } = await untilLost(connection, connection.jsm.consumers.info(names.stream, names.consumer));
      const problem = problemOf(config, subscription.ackDeadlineMs);
      if (problem === undefined) return;
      throw new PubSubError("TOPOLOGY_MISMATCH", `${what}: ${problem}; compare with plan()`);
    } catch (error) {
      const mapped = toPubSubError(error, what);
      if (mapped.code !== "UNAVAILABLE" || connection.connected) throw mapped;
    }
  }
}

function problemOf(config: ConsumerConfig, ackDeadlineMs: number): string | undefined {
  if (config.ack_policy !== "explicit") return `ack_policy is ${config.ack_policy}, must be explicit`;
  if ((config.deliver_subject ?? "") !== "") return "it is a push consumer, must be a pull consumer";
  const ackWaitMs = (config.ack_wait ?? 0) / NANOSECONDS_PER_MS;
  if (ackWaitMs < ackDeadlineMs) return `ack_wait is ${ackWaitMs} ms, shorter than ackDeadlineMs ${ackDeadlineMs}`;
  return undefined;
}
