import { CLOSE_GRACE_MS, type Clock, type Logger, within } from "@anytopic/core/driver";
import type { Channel, ChannelModel } from "amqplib";

/**
 * Attaches what keeps one channel's trouble its own: without an 'error' listener a channel that the broker closes takes the
 * whole connection along, and without 'handler-error' so does a delivery that arrives after its consumer was cancelled.
 */
export function hearErrors<Any extends Channel>(channel: Any, logger: Logger): Any {
  // One per answer that is awaited.
  channel.setMaxListeners(0);
  channel.on("error", (error) => logger.debug({ err: error }, "rabbitmq: channel closed"));
  channel.on("handler-error", (error) => logger.debug({ err: error }, "rabbitmq: a listener threw"));
  return channel;
}

/** Closes a channel or connection. amqplib's own promise stays pending for ever when the connection ends meanwhile. Never rejects. */
export async function closeWithin(
  clock: Clock,
  closeable: Channel | ChannelModel,
  timeoutMs: number = CLOSE_GRACE_MS,
): Promise<void> {
  const closed = new Promise<void>((resolve) => void closeable.once("close", () => resolve()));
  // Rejects when it is closed already.
  await within(clock, timeoutMs, Promise.race([closed, closeable.close()]));
}
