import {
  CLOSE_GRACE_MS,
  type DriverDeadLetters,
  type OutgoingMessage,
  pause,
  PubSubError,
  type StoredMessage,
  type SubscriptionSpec,
  type TakenLetter,
  within,
} from "@anytopic/core/driver";
import { decode, encodeCopy } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { CopyPublisher } from "./copy-publisher.ts";
import { type Attempted, toPubSubError } from "./errors.ts";
import { letterForms } from "./letter-forms.ts";
import { MAX_PULL_MESSAGES } from "./limits.ts";
import { subscriptionIds } from "./resource-names.ts";
import type { CallOptions, WireReceived } from "./rpc.ts";
import { SettleQueue } from "./settle-queue.ts";

const CALL_DEADLINE_MS = 20_000;
/** The service may answer empty although there are letters, so emptiness is asked for so often, so far apart. */
const EMPTY_ANSWERS = 5;
const PAUSE_MS = 200;

/** The dead-letter topic of one subscription and the subscription that keeps its letters. */
export class GcpDeadLetters implements DriverDeadLetters {
  readonly #connection: Connection;
  readonly #subscription: string;
  readonly #copies: CopyPublisher;
  readonly #redriven: CopyPublisher;
  readonly #attempted: Attempted;
  readonly #pullOptions: CallOptions;
  readonly #settles: SettleQueue;

  constructor(connection: Connection, spec: SubscriptionSpec) {
    const ids = subscriptionIds(connection.options.prefix, spec);
    const project = `projects/${connection.projectId}`;
    this.#connection = connection;
    this.#subscription = `${project}/subscriptions/${ids.deadLetters}`;
    this.#copies = new CopyPublisher(connection, ids.deadLetters);
    this.#redriven = new CopyPublisher(connection, ids.redrive);
    this.#attempted = { verb: "read", resource: `subscription ${this.#subscription}`, role: "roles/pubsub.subscriber" };
    this.#pullOptions = {
      metadata: connection.metadata("subscription", this.#subscription),
      deadlineMs: CALL_DEADLINE_MS,
    };
    const { letters: channel } = connection;
    this.#settles = new SettleQueue({ connection, channel, subscription: this.#subscription, exactlyOnce: false });
  }

  /** @throws PubSubError `NOT_FOUND` when nothing keeps the letters. What cannot be known yet is known at the first letter. */
  async check(): Promise<void> {
    try {
      await this.#copies.requireKept();
    } catch (error) {
      if (error instanceof PubSubError && error.code === "NOT_FOUND") throw error;
    }
  }

  async store(letter: OutgoingMessage): Promise<void> {
    let refused: unknown;
    for (const { without, encode } of letterForms(letter)) {
      try {
        await this.#copies.publish(encode());
        if (without !== "") this.#warn(letter, without);
        return;
      } catch (error) {
        if (!(error instanceof PubSubError && error.code === "REJECTED")) throw error;
        refused = error;
      }
    }
    throw refused;
  }

  async redeliver(message: OutgoingMessage): Promise<void> {
    await this.#redriven.publish(encodeCopy(message));
  }

  /** The service has no count but a metric minutes late, so every letter is leased and given back. */
  async count(): Promise<number> {
    const ackIds: string[] = [];
    // Only the ids are kept: the bodies of a large queue would not fit into memory.
    await this.#pullEach(Number.POSITIVE_INFINITY, ({ ackId }) => ackIds.push(ackId));
    await this.#putBack(ackIds);
    return ackIds.length;
  }

  async peek(limit: number): Promise<readonly StoredMessage[]> {
    const leased: WireReceived[] = [];
    await this.#pullEach(limit, (letter) => leased.push(letter));
    await this.#putBack(leased.map(({ ackId }) => ackId));
    return leased.map((letter) => this.#storedMessage(letter)).toSorted((a, b) => a.publishTimeMs - b.publishTimeMs);
  }

  async take(limit: number): Promise<readonly TakenLetter[]> {
    for (let empty = 0; empty < EMPTY_ANSWERS; empty += 1) {
      if (empty > 0) await pause(this.#connection.context.clock, PAUSE_MS);
      const letters = await this.#pull(Math.min(limit, MAX_PULL_MESSAGES));
      if (letters.length > 0) return letters.map((letter) => this.#taken(letter));
    }
    return [];
  }

  async purge(): Promise<number> {
    let purged = 0;
    for (let empty = 0; empty < EMPTY_ANSWERS;) {
      const letters = await this.#pull(MAX_PULL_MESSAGES);
      if (letters.length === 0) {
        empty += 1;
        await pause(this.#connection.context.clock, PAUSE_MS);
        continue;
      }
      await Promise.all(letters.map(({ ackId }) => this.#settles.ack(ackId)));
      purged += letters.length;
    }
    return purged;
  }

  async close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    await within(this.#connection.context.clock, timeoutMs, this.#settles.flush());
  }

  #warn({ id }: OutgoingMessage, without: string): void {
    this.#connection.context.logger.warn(
      { subscription: this.#subscription, id },
      `a dead letter was more than the service takes, and is stored without ${without}`,
    );
  }

  #taken(letter: WireReceived): TakenLetter {
    return {
      ...this.#storedMessage(letter),
      // Two letters can have one id, which their publisher chose.
      mark: letter.message.messageId,
      remove: () => this.#settles.ack(letter.ackId),
      putBack: () => this.#settles.deadline([letter.ackId], 0),
    };
  }

  async #putBack(ackIds: readonly string[]): Promise<void> {
    if (ackIds.length > 0) await this.#settles.deadline(ackIds, 0);
  }

  /** Up to `limit`; stops when answers stay empty. */
  async #pullEach(limit: number, visit: (letter: WireReceived) => unknown): Promise<void> {
    let found = 0;
    for (let empty = 0; empty < 2 && found < limit;) {
      const letters = await this.#pull(Math.min(limit - found, MAX_PULL_MESSAGES));
      empty = letters.length === 0 ? empty + 1 : 0;
      found += letters.length;
      letters.forEach(visit);
    }
  }

  async #pull(maxMessages: number): Promise<readonly WireReceived[]> {
    const { letters, methods } = this.#connection;
    const request = { subscription: this.#subscription, maxMessages, returnImmediately: true };
    return await new Promise((resolve, reject) => {
      letters.call(methods.pull, request, this.#pullOptions, (error, response) => {
        if (response !== undefined) return resolve(response.receivedMessages);
        return reject(toPubSubError(error, this.#attempted));
      });
    });
  }

  #storedMessage(letter: WireReceived): StoredMessage {
    const { message } = letter;
    const { id, attributes, publishTimeMs } = decode(message, "letters", this.#connection.context.clock.now());
    const orderingKey = message.orderingKey === "" ? undefined : message.orderingKey;
    return { id, attributes, publishTimeMs, orderingKey, body: message.data, native: letter };
  }
}
