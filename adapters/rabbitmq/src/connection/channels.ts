import { CLOSE_GRACE_MS, type Clock, type Logger, PubSubError, requireWithin, within } from "@anytopic/core/driver";
import type { Channel, ChannelModel } from "amqplib";
import { ANSWER_TIMEOUT_MS } from "../limits.ts";

/**
 * Adds the listeners that keep an error of one channel away from the connection. Without an 'error' listener, a channel that the
 * broker closes ends the whole connection. Without 'handler-error', so does a delivery after its consumer was cancelled.
 */
export function hearErrors<Any extends Channel>(channel: Any, logger: Logger): Any {
  // One listener per awaited answer.
  channel.setMaxListeners(0);
  channel.on("error", (error) => logger.debug({ err: error }, "rabbitmq: channel closed"));
  channel.on("handler-error", (error) => logger.debug({ err: error }, "rabbitmq: a listener threw"));
  return channel;
}

/** Closes a channel or connection. amqplib's own promise stays pending for ever if the connection ends meanwhile. Never rejects. */
export async function closeWithin(
  clock: Clock,
  closeable: Channel | ChannelModel,
  timeoutMs: number = CLOSE_GRACE_MS,
): Promise<void> {
  const closed = new Promise<void>((resolve) => void closeable.once("close", () => resolve()));
  // `close` rejects if it is closed already.
  await within(clock, timeoutMs, Promise.race([closed, closeable.close()]));
}

/**
 * The broker's answer. Rejects if the channel ends before the answer is complete, or if the answer takes too long. amqplib
 * forgets the caller of a `get` once the answer has begun, and it has no time limit of its own.
 */
export async function answered<Answer>(clock: Clock, channel: Channel, answer: Promise<Answer>): Promise<Answer> {
  return await answeredInTime(clock, untilClosed(channel, answer));
}

/** What the broker sends, without a time limit. Rejects if the channel ends before. */
export async function untilClosed<Answer>(channel: Channel, answer: Promise<Answer>): Promise<Answer> {
  const ended = Promise.withResolvers<never>();
  // If the server closes the channel as its answer, amqplib's own rejection knows why: let it come first.
  const onClose = (): void =>
    void setImmediate(() => ended.reject(new PubSubError("UNAVAILABLE", "rabbitmq: the channel was closed")));
  channel.once("close", onClose);
  try {
    return await Promise.race([answer, ended.promise]);
  } finally {
    channel.off("close", onClose);
  }
}

/** Rejects with `TIMEOUT` after `ANSWER_TIMEOUT_MS`. */
export function answeredInTime<Answer>(clock: Clock, answer: Promise<Answer>): Promise<Answer> {
  const late = (): PubSubError => new PubSubError("TIMEOUT", `rabbitmq: no answer within ${ANSWER_TIMEOUT_MS} ms`);
  return requireWithin(clock, ANSWER_TIMEOUT_MS, answer, late);
}

/** Runs `use`, and closes the channel whatever comes of it. */
export async function thenClosed<Result>(
  clock: Clock,
  channel: Channel,
  use: (channel: Channel) => Promise<Result>,
): Promise<Result> {
  try {
    return await use(channel);
  } finally {
    await closeWithin(clock, channel);
  }
}
