import type { ConnectedPubSub, SubscriptionStatistics } from "@anytopic/core";

/** The statistics of one subscription. */
export interface Backlog {
  readonly of: { readonly topic: string; readonly subscription: string };
  readonly stats: SubscriptionStatistics;
}

/** Asks the broker for the backlogs of all subscriptions that have a worker here: only when somebody reads, and not too often. */
export class Backlogs {
  readonly #pubsub: ConnectedPubSub;
  readonly #everyMs: number;
  #read: Promise<readonly Backlog[]> | undefined;
  #dueMs = 0;

  constructor(pubsub: ConnectedPubSub, everyMs: number) {
    this.#pubsub = pubsub;
    this.#everyMs = everyMs;
  }

  read(): Promise<readonly Backlog[]> {
    const nowMs = performance.now();
    if (this.#read === undefined || nowMs >= this.#dueMs) {
      this.#dueMs = nowMs + this.#everyMs;
      this.#read = this.#request();
    }
    return this.#read;
  }

  async #request(): Promise<readonly Backlog[]> {
    const asked = this.#pubsub.subscriptions.map(async (subscription): Promise<Backlog> => ({
      of: { topic: subscription.topic.name, subscription: subscription.name },
      stats: await this.#pubsub.stats(subscription),
    }));
    const answers = await Promise.allSettled(asked);
    // A broker that does not answer is seen by `anytopic.connection.up`; its backlog is unknown.
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  }
}
