import {
  type DriverDeadLetters,
  type OutgoingMessage,
  PubSubError,
  storeLetter,
  type SubscriptionSpec,
  type TakenLetter,
  within,
} from "@anytopic/core/driver";
import { gcpCapabilities } from "./capabilities.ts";
import { decodeMessage, encodeCopy } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { CopyPublisher } from "./publish/copy-publisher.ts";
import { MAX_PULL_MESSAGES } from "./limits.ts";
import { subscriptionIds } from "./names.ts";
import { type CallOptions, unaryCall, type WireReceived } from "./connection/rpc.ts";
import { SettleQueue } from "./settle/settle-queue.ts";

const CALL_DEADLINE_MS = 20_000;

/** The dead-letter topic of one subscription and the subscription that keeps its letters. */
export class GcpDeadLetters implements DriverDeadLetters {
  readonly #connection: Connection;
  readonly #subscription: string;
  readonly #pullOptions: CallOptions;
  readonly #copies: CopyPublisher;
  readonly #redriven: CopyPublisher;
  readonly #settles: SettleQueue;

  constructor(connection: Connection, spec: SubscriptionSpec) {
    const { letters: channel, projectId, options } = connection;
    const ids = subscriptionIds(options.prefix, spec);
    const subscription = `projects/${projectId}/subscriptions/${ids.deadLetters}`;
    this.#connection = connection;
    this.#subscription = subscription;
    this.#pullOptions = {
      metadata: connection.metadata("subscription", subscription),
      deadlineMs: CALL_DEADLINE_MS,
      attempted: { verb: "read", resource: `subscription ${subscription}`, role: "roles/pubsub.subscriber" },
    };
    this.#copies = new CopyPublisher(connection, ids.deadLetters);
    this.#redriven = new CopyPublisher(connection, ids.redrive);
    this.#settles = new SettleQueue({ connection, channel, subscription, exactlyOnce: false });
  }

  /** @throws PubSubError `NOT_FOUND` when no subscription keeps the letters. If this is not known yet, the first letter will tell. */
  async check(): Promise<void> {
    try {
      await this.#copies.requireKept();
    } catch (error) {
      if (error instanceof PubSubError && error.code === "NOT_FOUND") throw error;
    }
  }

  store(letter: OutgoingMessage): Promise<void> {
    return storeLetter(letter, {
      send: (whole) => this.#copies.publish(encodeCopy(whole)),
      sendBytes: ({ body }) => this.#copies.publish({ data: body, attributes: {} }),
      limits: gcpCapabilities,
      logger: this.#connection.context.logger,
      place: { subscription: this.#subscription },
    });
  }

  async redeliver(message: OutgoingMessage): Promise<void> {
    await this.#redriven.publish(encodeCopy(message));
  }

  /** The service counts only in a metric that is minutes late, so every letter is leased and released. */
  async count(): Promise<number> {
    const ackIds: string[] = [];
    for (let empty = 0; empty < 2;) {
      const letters = await this.#pull(MAX_PULL_MESSAGES);
      empty = letters.length === 0 ? empty + 1 : 0;
      // Keeps only the ids, because the bodies of a large queue would not fit into memory.
      for (const { ackId } of letters) ackIds.push(ackId);
    }
    if (ackIds.length > 0) await this.#settles.deadline(ackIds, 0);
    return ackIds.length;
  }

  /** The service may return no letter although there are some. */
  async take(limit: number): Promise<readonly TakenLetter[]> {
    return (await this.#pull(limit)).map((letter) => this.#taken(letter));
  }

  async close(timeoutMs: number): Promise<void> {
    await within(this.#connection.context.clock, timeoutMs, this.#settles.flush());
  }

  #taken(letter: WireReceived): TakenLetter {
    const { message } = letter;
    const { id, attributes, publishTimeMs } = decodeMessage(message, "letters", this.#connection.context.clock.now());
    return {
      id,
      attributes,
      publishTimeMs,
      orderingKey: message.orderingKey === "" ? undefined : message.orderingKey,
      body: message.data,
      native: letter,
      // Publishers choose ids, so two letters can have the same one.
      mark: message.messageId,
      remove: () => this.#settles.ack(letter.ackId),
      putBack: () => this.#settles.deadline([letter.ackId], 0),
    };
  }

  async #pull(maxMessages: number): Promise<readonly WireReceived[]> {
    const { letters, methods } = this.#connection;
    const request = { subscription: this.#subscription, maxMessages, returnImmediately: true };
    return (await unaryCall(letters, methods.pull, request, this.#pullOptions)).receivedMessages;
  }
}
