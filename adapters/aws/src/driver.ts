import { CLOSE_GRACE_MS, type Driver, type DriverContext, PubSubError } from "@anytopic/core/driver";
import { type AwsClients, Connection } from "./connection.ts";
import { AwsDeadLetters } from "./dead-letters.ts";
import { deadLetterQueueName, queueName } from "./names.ts";
import type { CheckedOptions } from "./options.ts";
import { applyTopology, destroyTopology, planTopology } from "./provisioning.ts";
import { AwsPublisher } from "./publisher.ts";
import { UnstartedReceipts } from "./settle/unstarted-receipts.ts";
import { readStatistics } from "./statistics.ts";
import { AwsSubscriber } from "./subscriber.ts";
import { awaitQueue } from "./topology/queues.ts";
import { requireTopicArn } from "./topology/topics.ts";

/** Connects to SNS and SQS. */
export async function openDriver(
  options: CheckedOptions,
  context: DriverContext,
  signal?: AbortSignal,
): Promise<Driver<AwsClients>> {
  const connection = await Connection.open(options, context, signal);
  const { prefix } = options;
  /** By queue name: the workers of one queue share it. */
  const unstarted = new Map<string, UnstartedReceipts>();
  let closed = false;
  const requireOpen = (): Connection => {
    if (closed) throw new PubSubError("CLOSED", "the connection to SNS and SQS is closed");
    return connection;
  };
  return {
    server: connection.server,
    native: Object.freeze({ sns: connection.sns, sqs: connection.sqs } satisfies AwsClients),
    plan: async (topology, aborted) => planTopology(requireOpen(), topology, aborted),
    apply: async (topology, { update }) => applyTopology(requireOpen(), topology, update),
    destroy: async (topology) => destroyTopology(requireOpen(), topology),
    async openPublisher(topic) {
      return new AwsPublisher(requireOpen(), topic, await requireTopicArn(connection, topic));
    },
    async openSubscriber(spec, sink, subscriberOptions) {
      requireOpen();
      const name = queueName(prefix, spec);
      const queue = await awaitQueue(connection, name);
      const receipts = unstarted.get(name) ?? new UnstartedReceipts();
      unstarted.set(name, receipts);
      return new AwsSubscriber(connection, queue, spec, sink, subscriberOptions, receipts);
    },
    async openDeadLetters(spec) {
      requireOpen();
      const [letters, main] = await Promise.all([
        awaitQueue(connection, deadLetterQueueName(prefix, spec)),
        awaitQueue(connection, queueName(prefix, spec)),
      ]);
      return new AwsDeadLetters(connection, spec, letters, main);
    },
    stats: async (spec) => readStatistics(requireOpen(), spec),
    close(timeoutMs = CLOSE_GRACE_MS) {
      closed = true;
      return connection.close(timeoutMs);
    },
  };
}
