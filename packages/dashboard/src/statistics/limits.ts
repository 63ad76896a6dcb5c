/** How often a broker is asked for the numbers of a subscription, in ms. `PubSub.stats` says to ask at most every 15 s. */
export const EVERY_MS = { development: 5000, default: 15_000, min: 1000, max: 3_600_000 } as const;
/** So many subscriptions are asked for at the same time. */
export const PARALLEL = 8;
/** An answer of the dashboard waits so long for the numbers of a broker, in ms; after that it shows those that it has. */
export const MAX_WAIT_MS = 1500;
/** A subscription whose numbers cannot be read is asked for less and less often, at least so often, in ms. */
export const MAX_BACKOFF_MS = 60_000;
