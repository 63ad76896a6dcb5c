import type { Message } from "amqplib";
import type { Headers } from "./header-table.ts";

/**
 * What the broker itself says of a delivered message. Headers are the publisher's to write, and RabbitMQ passes on those of
 * its own names, too; but it tells truly which exchange a message came through last, and whether its queue has
 * delivered it before. Publishers come through the exchange of their topic. The default exchange, which writes to a queue
 * itself, is for those who may subscribe or operate, and for what the broker dead-letters by our queues' arguments.
 */

/** Whether it was put into its queue past every topic. */
export function isDirect({ fields }: Message): boolean {
  return fields.exchange === "";
}

interface Death {
  /** In which it was. */
  readonly queue: unknown;
  /** By which it had come there. */
  readonly exchange: unknown;
}

/** How it died last, by dead-lettering; undefined when nothing says so. */
export function lastDeath(headers: Headers): Death | undefined {
  // Own properties only: amqplib makes a table named `__proto__` the prototype of the headers.
  if (!Object.hasOwn(headers, "x-death")) return undefined;
  const deaths = headers["x-death"];
  const last: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  const { queue, exchange } = (typeof last === "object" && last !== null ? last : {}) as Partial<Death>;
  return { queue, exchange };
}

/**
 * Whether it came past every topic into its queue, and also into the one before from which it was dead-lettered: a letter
 * that the broker has dead-lettered comes by the default exchange, and is what a publisher wrote.
 */
export function isAlwaysDirect(message: Message, headers: Headers): boolean {
  const death = lastDeath(headers);
  return isDirect(message) && (death === undefined || death.exchange === "");
}

/**
 * Whether a header that only our own republishing writes may be believed: it was put into its queue by us, or by a wait
 * queue of that queue. One that died elsewhere was moved here by somebody, as new.
 */
export function isRepublished(message: Message, headers: Headers): boolean {
  if (!isDirect(message)) return false;
  const death = lastDeath(headers);
  if (death === undefined) return true;
  const { queue } = death;
  return typeof queue === "string" && queue.startsWith(`${message.fields.routingKey}.wait`);
}

/** Whether a letter was stored by us, with its record: what the broker dead-letters by itself says so, whatever else it says. */
export function isStoredLetter(message: Message, headers: Headers): boolean {
  return isDirect(message) && lastDeath(headers) === undefined;
}

/**
 * How often the broker saw it come back to its queue. It writes the count over whatever a publisher wrote, but only from the
 * second delivery on; and from 4.3 on it may come back uncounted, so a count beyond the deliveries is not the broker's.
 */
export function returnsOf({ fields }: Message, headers: Headers): number {
  if (!fields.redelivered) return 0;
  const counted = ownCount(headers, "x-delivery-count") ?? 0;
  return Math.min(counted, ownCount(headers, "x-acquired-count") ?? counted);
}

/** A header that is a whole number of at least 0. */
export function ownCount(headers: Headers, name: string): number | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
