import { PubSubError, type SubscriptionSpec } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { consumerResource } from "../topology/differences.ts";
import { toPubSubError } from "../errors.ts";
import type { SubscriptionNames } from "../names.ts";
import { subscriptionConsumer } from "../topology/topology-config.ts";
import { untilLost } from "../connection/until-lost.ts";

/**
 * Waits for the connection and makes sure that the consumer exists and can be worked with: a shorter lease than
 * declared would hand out messages twice, and other kinds of consumers would lose them.
 */
export async function requireConsumer(
  connection: Connection,
  names: SubscriptionNames,
  subscription: SubscriptionSpec,
): Promise<void> {
  const declared = subscriptionConsumer(connection.options, subscription);
  const what = consumerResource(declared);
  for (;;) {
    await connection.waitUntilConnected();
    try {
      const { config } = await untilLost(connection, connection.jsm.consumers.info(names.stream, names.consumer));
      const problem =
        config.ack_policy !== "explicit"
          ? `ack_policy is ${config.ack_policy}, must be explicit`
          : config.deliver_subject !== undefined && config.deliver_subject !== ""
            ? "it is a push consumer, must be a pull consumer"
            : (config.ack_wait ?? 0) < (declared.config.ack_wait ?? 0)
              ? `ack_wait is ${(config.ack_wait ?? 0) / 1e6} ms, shorter than ackDeadlineMs ${subscription.ackDeadlineMs}`
              : undefined;
      if (problem === undefined) return;
      throw new PubSubError("TOPOLOGY_MISMATCH", `${what}: ${problem}; compare with plan()`);
    } catch (error) {
      const mapped = toPubSubError(error, what);
      if (mapped.code !== "UNAVAILABLE" || connection.connected) throw mapped;
    }
  }
}
