import type { AnyTopic } from "../declare/topic.ts";
import type { PubSub } from "../pubsub.ts";
import type { TailJournal } from "./tail-journal.ts";
import { removeTemporary, temporarySubscription } from "./temporary-subscription.ts";

/**
 * Removes the temporary subscriptions that tails of killed processes left on this broker, of topics that are declared. Resolves with
 * their number.
 */
export async function sweepTails(pubsub: PubSub, topics: readonly AnyTopic[], journal: TailJournal): Promise<number> {
  let removed = 0;
  for (const { topic, subscription } of await journal.leftovers()) {
    const declared = topics.find(({ name }) => name === topic);
    if (declared === undefined) continue;
    await removeTemporary(pubsub, temporarySubscription(declared, subscription), journal);
    removed += 1;
  }
  return removed;
}
