import type { Channel, ConsumeMessage } from "amqplib";

/** For a consumer that gets no messages on servers before 4.0; later servers ignore this argument. */
const NO_CREDIT = { "x-credit": { credit: { "!": "long", value: 0 }, drain: false } };

/**
 * Opens a consumer and ends it. Both go through the queue's log, after the settles that this channel has passed on to the queue: so the
 * answer proves that those were applied. What the consumer gets, at most one message and nothing before 4.0, goes to `returned`.
 */
export async function askThroughQueue(
  channel: Channel,
  queue: string,
  returned: (message: ConsumeMessage) => void = () => {},
): Promise<void> {
  const limited = channel.prefetch(1);
  const consuming = channel.consume(queue, (message) => message && returned(message), { arguments: NO_CREDIT });
  const [, { consumerTag }] = await Promise.all([limited, consuming]);
  await channel.cancel(consumerTag);
}
