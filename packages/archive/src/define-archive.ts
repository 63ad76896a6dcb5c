import { defineSubscription, type Subscription, type SubscriptionOptions, type Topic } from "@anytopic/core";

/** The subscription of an archive. */
export interface ArchiveOptions extends SubscriptionOptions {
  /** The subscription's name. @default "archive" */
  readonly name?: string | undefined;
}

/**
 * Declares the subscription that archives a topic. It is an ordinary subscription, with other defaults: it retries without end, since
 * what is wrong is mostly the store. With a `filter`, only what passes is archived. Contacts nobody.
 *
 * @throws TypeError as `defineSubscription` does
 */
export function defineArchive<Input, Output>(
  topic: Topic<Input, Output>,
  { name = "archive", ...options }: ArchiveOptions = {},
): Subscription<Output> {
  const retryPolicy = { minBackoffMs: 1000, maxBackoffMs: 60_000, maxRetries: Number.POSITIVE_INFINITY };
  return defineSubscription(topic, name, { retryPolicy, ...options });
}
