import type { SubscriptionSpec, SubscriptionStatistics } from "@anytopic/core/driver";
import { answered } from "./connection/channels.ts";
import type { Connections } from "./connection/connections.ts";
import { toPubSubError } from "./errors.ts";
import { allWaitQueueNames, queueNames } from "./names.ts";

/**
 * What the broker says about the queues of one subscription. AMQP tells how many messages are ready in a queue. It tells neither
 * how many are unacknowledged nor how old they are: `inFlight` and `oldestAgeMs` are unknown.
 *
 * A message whose delay has just passed is in its wait queue until the broker has moved it.
 */
export async function readStatistics(
  connections: Connections,
  subscription: SubscriptionSpec,
): Promise<SubscriptionStatistics> {
  const names = queueNames(connections.options.prefix, subscription);
  const [waiting, deadLetters, ...delayed] = await Promise.all([
    ready(connections, names.queue),
    ready(connections, names.deadLetters),
    ...allWaitQueueNames(names).map((name) => readyIfAny(connections, name)),
  ]);
  const sum = delayed.reduce((total, count) => total + count, 0);
  return { waiting, inFlight: undefined, delayed: sum, oldestAgeMs: undefined, deadLetters };
}

async function ready({ consuming, context }: Connections, queue: string): Promise<number> {
  try {
    return await consuming.withChannel(
      async (channel) => (await answered(context.clock, channel, channel.checkQueue(queue))).messageCount,
    );
  } catch (error) {
    throw toPubSubError(error, `rabbitmq: statistics of queue ${JSON.stringify(queue)}`);
  }
}

async function readyIfAny(connections: Connections, queue: string): Promise<number> {
  const { waitQueues } = connections;
  if (!waitQueues.mayExist(queue)) return 0;
  try {
    const count = await ready(connections, queue);
    waitQueues.exists(queue);
    return count;
  } catch (error) {
    if (toPubSubError(error, "").code !== "NOT_FOUND") throw error;
    waitQueues.isMissing(queue);
    return 0;
  }
}
