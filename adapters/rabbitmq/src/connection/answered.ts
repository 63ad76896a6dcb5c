import { type Clock, PubSubError, requireWithin } from "@anytopic/core/driver";
import type { Channel } from "amqplib";
import { ANSWER_TIMEOUT_MS } from "../limits.ts";

/**
 * The broker's answer, or an error when the channel ends before it came whole, or it takes too long. amqplib forgets the
 * caller of a `get` once the answer has begun, and waits as long as the broker does.
 */
export async function answered<Answer>(clock: Clock, channel: Channel, answer: Promise<Answer>): Promise<Answer> {
  const ended = Promise.withResolvers<never>();
  // A channel that the server closes is often the answer: amqplib's own rejection, which knows why, comes first.
  const onClose = (): void =>
    void setImmediate(() => ended.reject(new PubSubError("UNAVAILABLE", "rabbitmq: the channel was closed")));
  channel.once("close", onClose);
  try {
    return await answeredInTime(clock, Promise.race([answer, ended.promise]));
  } finally {
    channel.off("close", onClose);
  }
}

/** Rejects with `TIMEOUT` when that takes longer than a broker ever should. */
export function answeredInTime<Answer>(clock: Clock, answer: Promise<Answer>): Promise<Answer> {
  const late = (): PubSubError => new PubSubError("TIMEOUT", `rabbitmq: no answer within ${ANSWER_TIMEOUT_MS} ms`);
  return requireWithin(clock, ANSWER_TIMEOUT_MS, answer, late);
}
