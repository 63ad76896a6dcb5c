import type { AnyTopic, LoadedConfig, Logger, PubSub } from "@anytopic/core";
import { openTail, sweepTails, TailJournal } from "@anytopic/core/tail";
import { HttpError } from "../http/http-error.ts";
import { TailSession } from "./tail-session.ts";

/** Of all visitors together: each is a subscription on the broker, which gets every message. */
const MAX_TAILS = 10;

interface TailsOptions {
  readonly topics: readonly AnyTopic[];
  readonly config: LoadedConfig | undefined;
  readonly logger: Logger;
}

/** All tails of a dashboard. */
export class Tails {
  readonly #topics: readonly AnyTopic[];
  readonly #logger: Logger;
  /** `undefined`: nothing is noted, because nobody said which broker it is. */
  readonly #journal: TailJournal | undefined;
  readonly #sessions = new Map<string, TailSession>();
  readonly #ending = new Set<Promise<void>>();
  #opening = 0;
  #swept: Promise<void> | undefined;
  #isClosed = false;

  constructor({ topics, config, logger }: TailsOptions) {
    this.#topics = topics;
    this.#logger = logger;
    const url = config?.connections[config.default]?.url;
    this.#journal = url === undefined ? undefined : new TailJournal(url);
  }

  /** @throws HttpError 429, PubSubError */
  async open(
    pubsub: PubSub,
    topic: AnyTopic,
    attributes: Readonly<Record<string, string>>,
  ): Promise<TailSession & { readonly subscription: string }> {
    this.#requireRoom();
    this.#opening += 1;
    const session = new TailSession(topic, attributes, ({ id }) => void this.#sessions.delete(id));
    try {
      await (this.#swept ??= this.#sweep(pubsub));
      const tail = await openTail(pubsub, topic, {
        journal: this.#journal,
        onMessage: (message) => session.add(message),
      });
      session.begin({ ...tail, close: async () => await this.#ended(tail.close()) });
      if (this.#isClosed) await session.end("the dashboard ends");
      else this.#sessions.set(session.id, session);
      return Object.assign(session, { subscription: tail.subscription });
    } finally {
      this.#opening -= 1;
    }
  }

  /** @throws HttpError 404 */
  find(id: unknown): TailSession {
    const session = typeof id === "string" ? this.#sessions.get(id) : undefined;
    if (session !== undefined) return session;
    throw new HttpError(404, "NOT_FOUND", "this tail has ended");
  }

  /** Removes all temporary subscriptions. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const ends = [...this.#sessions.values()].map(async (session) => await session.end("the dashboard ends"));
    await Promise.allSettled([...ends, ...this.#ending]);
  }

  #requireRoom(): void {
    if (this.#sessions.size + this.#opening < MAX_TAILS) return;
    throw new HttpError(429, "TOO_MANY", `there are ${MAX_TAILS} tails already: end one of them first`);
  }

  /** Also waited for when the dashboard closes. What cannot be removed is for the operator. */
  async #ended(closing: Promise<void>): Promise<void> {
    this.#ending.add(closing);
    try {
      await closing;
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown";
      this.#logger.warn({ reason }, "dashboard: the temporary subscription of a tail is still there");
      throw error;
    } finally {
      this.#ending.delete(closing);
    }
  }

  async #sweep(pubsub: PubSub): Promise<void> {
    if (this.#journal === undefined) return;
    try {
      const removed = await sweepTails(pubsub, this.#topics, this.#journal);
      if (removed > 0) this.#logger.info({ removed }, "dashboard: removed what earlier tails left behind");
    } catch {
      // The next one tries again.
      this.#swept = undefined;
    }
  }
}
