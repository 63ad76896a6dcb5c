import type { Context } from "../../context.ts";

/**
 * Brokers may take seconds to make a new queue itself durable: RabbitMQ 3.10.8, killed within a second of declaring a
 * quorum queue, never serves that queue again (seen; six seconds later it does). What is tested is messages, on a
 * topology of some age, as any is in use.
 */
const AGE_MS = 6000;

export function durableTopology(context: Context): Promise<void> {
  return context.quiet(AGE_MS);
}
