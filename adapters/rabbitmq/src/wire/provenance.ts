import type { Message } from "amqplib";
import type { Headers } from "./header-table.ts";

/**
 * What the broker itself guarantees about a delivered message. Publishers can write every header, also the broker's own. But the
 * broker tells truly which exchange a message came through last, and whether its queue has delivered it before.
 * Publishers use the exchange of their topic. The default exchange writes directly to a queue. It is for users that may
 * subscribe or operate, and for the messages that the broker dead-letters because of our queues' arguments.
 */

interface Death {
  /** The queue that dead-lettered the message. */
  readonly queue: unknown;
  /** The exchange through which the message had come to that queue. */
  readonly exchange: unknown;
}

/** The last dead-lettering of the message; undefined if no header tells of one. */
function lastDeath(headers: Headers): Death | undefined {
  // Own properties only: amqplib makes a table named `__proto__` the prototype of the headers.
  if (!Object.hasOwn(headers, "x-death")) return undefined;
  const deaths = headers["x-death"];
  const last: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  const { queue, exchange } = (typeof last === "object" && last !== null ? last : {}) as Partial<Death>;
  return { queue, exchange };
}

/** Whether it came to its queue through no topic. */
function isDirect({ fields }: Message): boolean {
  return fields.exchange === "";
}

/**
 * Whether it came through no topic to its queue, nor to the queue that dead-lettered it before. A letter that the broker has
 * dead-lettered comes through the default exchange, but its headers are the publisher's.
 */
export function isAlwaysDirect(message: Message, headers: Headers): boolean {
  const death = lastDeath(headers);
  return isDirect(message) && (death === undefined || death.exchange === "");
}

/**
 * Whether the headers of our own republishing can be trusted: the message was put into its queue by us, or by a wait queue of
 * that queue. A message that another queue has dead-lettered was moved here by somebody, and counts as new.
 */
export function isRepublished(message: Message, headers: Headers): boolean {
  if (!isDirect(message)) return false;
  const death = lastDeath(headers);
  if (death === undefined) return true;
  const { queue } = death;
  return typeof queue === "string" && queue.startsWith(`${message.fields.routingKey}.wait`);
}

/** Whether we stored this letter, with its record. The broker adds `x-death` to each letter that it stores by itself. */
export function isStoredLetter(message: Message, headers: Headers): boolean {
  return isDirect(message) && lastDeath(headers) === undefined;
}

/**
 * How often the message was returned to its queue. The broker overwrites a publisher's count, but only from the second
 * delivery on. From 4.3 on it does not count every return, so a count above the number of deliveries is not the broker's.
 */
export function returnsOf({ fields }: Message, headers: Headers): number {
  if (!fields.redelivered) return 0;
  const counted = ownCount(headers, "x-delivery-count") ?? 0;
  return Math.min(counted, ownCount(headers, "x-acquired-count") ?? counted);
}

/**
 * How often the message was given to a worker before. From 4.3 on a return may count here alone: `basic.nack`, and the return after a
 * node was cut off. A publisher can make it too high on servers before 4.3.
 * https://www.rabbitmq.com/docs/quorum-queues (read 2026-11-27)
 */
export function acquiredOf(message: Message, headers: Headers): number {
  if (!message.fields.redelivered) return 0;
  return Math.max(returnsOf(message, headers), ownCount(headers, "x-acquired-count") ?? 0);
}

/** A header that is a whole number of at least 0. */
export function ownCount(headers: Headers, name: string): number | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
