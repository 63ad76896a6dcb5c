import {
  DEAD_LETTER_ATTRIBUTE,
  type DriverContext,
  type DriverDeadLetters,
  type OutgoingMessage,
  PubSubError,
  type StoredMessage,
  type TakenLetter,
} from "@anytopic/core/driver";
import type { Channel, GetMessage } from "amqplib";
import { closeWithin } from "./channels.ts";
import { withChannel } from "./with-channel.ts";
import { answered } from "./answered.ts";
import { type DecodedLetter, encodeStored } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { codeOf, toPubSubError } from "./errors.ts";
import { CLOSE_TIMEOUT_MS } from "./limits.ts";
import { letterId, newMark } from "./message-id.ts";
import type { QueueNames } from "./names.ts";
import type { QueueSender } from "./queue-sender.ts";
import { raceTimeout } from "./race-timeout.ts";
import { readLetter } from "./read-message.ts";

export interface DeadLettersContext {
  /** Where letters are read: no consumer lives on it. */
  readonly reading: () => Promise<Connection>;
  readonly driver: DriverContext;
  readonly names: QueueNames;
  readonly sender: QueueSender;
  readonly contentType: string | undefined;
  readonly nextOrder: () => number;
}

/** How long `take` waits for a first letter, and how often it looks. */
const TAKE_WAIT_MS = 1000;
const TAKE_POLL_MS = 100;

/** Reads with `basic.get`: what is got and not acked is invisible to others until it is given back or the channel ends. */
export class DeadLetters implements DriverDeadLetters {
  readonly #context: DeadLettersContext;
  #channel: Promise<Channel> | undefined;
  #closed = false;

  constructor(context: DeadLettersContext) {
    this.#context = context;
  }

  store(letter: OutgoingMessage): Promise<void> {
    const mark = newMark();
    return this.#store({ ...letter, id: letterId(letter.id, mark) }, mark);
  }

  redeliver(message: OutgoingMessage): Promise<void> {
    const { names, nextOrder } = this.#context;
    return this.#send(names.queue, message, { order: message.orderingKey === undefined ? undefined : nextOrder() });
  }

  count(): Promise<number> {
    return this.#admin(
      "count",
      async (channel) => (await answered(channel, channel.checkQueue(this.#queue))).messageCount,
    );
  }

  peek(limit: number): Promise<readonly StoredMessage[]> {
    return this.#admin("peek", async (channel) => {
      const letters = await this.#get(channel, limit);
      // In the order in which they were got, and before everything else.
      if (letters.length > 0) channel.nackAll(true);
      return letters.map((letter) => this.#decode(letter));
    });
  }

  async take(limit: number): Promise<readonly TakenLetter[]> {
    try {
      const channel = await this.#ownChannel();
      const endMs = performance.now() + TAKE_WAIT_MS;
      for (;;) {
        const letters = await this.#get(channel, limit);
        if (letters.length > 0) return letters.map((letter) => this.#taken(channel, letter));
        if (performance.now() >= endMs) return [];
        await new Promise((resolve) => setTimeout(resolve, TAKE_POLL_MS));
      }
    } catch (error) {
      // What its answer brings after all must not stay with a channel that nobody looks at.
      if (codeOf(error) === "TIMEOUT") void this.#forgetChannel();
      throw toPubSubError(this.#what("take"), error);
    }
  }

  purge(): Promise<number> {
    return this.#admin(
      "purge",
      async (channel) => (await answered(channel, channel.purgeQueue(this.#queue))).messageCount,
    );
  }

  async close(timeoutMs: number = CLOSE_TIMEOUT_MS): Promise<void> {
    this.#closed = true;
    await raceTimeout(this.#forgetChannel(), timeoutMs);
  }

  async #forgetChannel(): Promise<void> {
    const opening = this.#channel;
    this.#channel = undefined;
    const channel = await opening?.catch(() => undefined);
    if (channel !== undefined) await closeWithin(channel, CLOSE_TIMEOUT_MS);
  }

  get #queue(): string {
    return this.#context.names.deadLetters;
  }

  #what(operation: string): string {
    return `rabbitmq: ${operation} queue ${JSON.stringify(this.#queue)}`;
  }

  /** As it is, or else with what the broker takes of it: a message that cannot be stored would be tried for ever. */
  async #store(letter: OutgoingMessage, mark: string): Promise<void> {
    try {
      await this.#send(this.#queue, letter, { mark });
    } catch (error) {
      if (!(error instanceof PubSubError && error.code === "LIMIT_EXCEEDED")) throw error;
      await this.#send(this.#queue, withoutAttributes(letter), { mark });
    }
  }

  #send(queue: string, message: OutgoingMessage, ours: Parameters<typeof encodeStored>[1]): Promise<void> {
    const { sender, contentType } = this.#context;
    const { body, properties } = encodeStored(message, ours, contentType, sender.maxHeaderBytes);
    return sender.send(queue, body, properties);
  }

  async #admin<Result>(operation: string, use: (channel: Channel) => Promise<Result>): Promise<Result> {
    this.#requireOpen();
    try {
      return await withChannel(await this.#context.reading(), use);
    } catch (error) {
      throw toPubSubError(this.#what(operation), error);
    }
  }

  async #get(channel: Channel, limit: number): Promise<GetMessage[]> {
    const letters: GetMessage[] = [];
    while (letters.length < limit) {
      const letter = await answered(channel, channel.get(this.#queue, { noAck: false }));
      if (letter === false) break;
      letters.push(letter);
    }
    return letters;
  }

  #decode(letter: GetMessage): DecodedLetter {
    return readLetter(letter, this.#context.driver.clock.now());
  }

  #taken(channel: Channel, letter: GetMessage): TakenLetter {
    const decoded = this.#decode(letter);
    const { isStored, body, attributes, orderingKey, publishTimeMs, native } = decoded;
    const mark = isStored ? decoded.mark : newMark();
    const id = mark === undefined ? decoded.id : letterId(decoded.id, mark);
    const settle = async (operation: string, send: () => void): Promise<void> => {
      try {
        send();
        // An ack has no answer, but a channel is worked through in order: after this one it was.
        await answered(channel, channel.checkQueue(this.#queue));
      } catch (error) {
        throw new PubSubError(
          "LEASE_LOST",
          `${this.#what(operation)}: the channel is gone, and the letter back in its queue`,
          {
            cause: error,
          },
        );
      }
    };
    return {
      mark,
      id,
      body,
      attributes,
      orderingKey,
      publishTimeMs,
      native,
      remove: () => settle("remove from", () => channel.ack(letter)),
      // What the broker has dead-lettered is put back as ours, to be known again.
      putBack:
        isStored || mark === undefined
          ? () => settle("put back into", () => channel.nack(letter, false, true))
          : async () => {
              await this.#store({ ...decoded, id }, mark);
              await settle("put back into", () => channel.ack(letter));
            },
    };
  }

  /** Taken letters live as long as their channel, so it is not shared with anything that could close it. */
  async #ownChannel(): Promise<Channel> {
    this.#requireOpen();
    this.#channel ??= this.#openChannel();
    try {
      return await this.#channel;
    } catch (error) {
      this.#channel = undefined;
      throw error;
    }
  }

  async #openChannel(): Promise<Channel> {
    const channel = await (await this.#context.reading()).openChannel();
    channel.on("close", () => {
      this.#channel = undefined;
    });
    return channel;
  }

  #requireOpen(): void {
    if (this.#closed)
      throw new PubSubError(
        "CLOSED",
        `rabbitmq: the dead letters of queue ${JSON.stringify(this.#context.names.queue)} were closed`,
      );
  }
}

/** The body is worth more than what was said of it; the record tells what is missing. */
function withoutAttributes(letter: OutgoingMessage): OutgoingMessage {
  const { [DEAD_LETTER_ATTRIBUTE]: record, ...left } = letter.attributes;
  if (record === undefined) return { ...letter, attributes: {} };
  const wire = JSON.parse(record) as { readonly message?: unknown };
  const note = `stored without its ${Object.keys(left).length} attributes, with which it is larger than the broker allows`;
  const message = `${String(wire.message)} (${note})`;
  return { ...letter, attributes: { [DEAD_LETTER_ATTRIBUTE]: JSON.stringify({ ...wire, message }) } };
}
