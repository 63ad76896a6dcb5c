import {
  type Clock,
  CLOSE_GRACE_MS,
  DEAD_LETTER_ATTRIBUTE,
  type DriverContext,
  type DriverDeadLetters,
  type OutgoingMessage,
  PubSubError,
  type StoredMessage,
  type TakenLetter,
  within,
} from "@anytopic/core/driver";
import type { Channel, GetMessage } from "amqplib";
import { closeWithin } from "./connection/channels.ts";
import { withChannel } from "./connection/with-channel.ts";
import { answered } from "./connection/answered.ts";
import { type DecodedLetter, encodeStored } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { codeOf, toPubSubError } from "./errors.ts";
import { letterId, newMark } from "./wire/message-id.ts";
import type { QueueNames } from "./names.ts";
import type { QueueSender } from "./publish/queue-sender.ts";
import { readLetter } from "./wire/read-message.ts";

export interface DeadLettersContext {
  /** Where letters are read: no consumer lives on it. */
  readonly reading: () => Promise<Connection>;
  readonly driver: DriverContext;
  readonly names: QueueNames;
  readonly sender: QueueSender;
  readonly contentType: string | undefined;
  readonly nextOrder: () => number;
}

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

  async count(): Promise<number> {
    const queue = await this.#admin("count", (channel) =>
      answered(this.#clock, channel, channel.checkQueue(this.#queue)),
    );
    return queue.messageCount;
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
      return (await this.#get(channel, limit)).map((letter) => this.#taken(channel, letter));
    } catch (error) {
      // What its answer brings after all must not stay with a channel that nobody looks at.
      if (codeOf(error) === "TIMEOUT") void this.#forgetChannel();
      throw toPubSubError(this.#what("take"), error);
    }
  }

  async purge(): Promise<number> {
    const purged = await this.#admin("purge", (channel) =>
      answered(this.#clock, channel, channel.purgeQueue(this.#queue)),
    );
    return purged.messageCount;
  }

  async close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#closed = true;
    await within(this.#clock, timeoutMs, this.#forgetChannel());
  }

  async #forgetChannel(): Promise<void> {
    const opening = this.#channel;
    this.#channel = undefined;
    const channel = await opening?.catch(() => undefined);
    if (channel !== undefined) await closeWithin(this.#clock, channel);
  }

  get #clock(): Clock {
    return this.#context.driver.clock;
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
      const letter = await answered(this.#clock, channel, channel.get(this.#queue, { noAck: false }));
      if (letter === false) break;
      letters.push(letter);
    }
    return letters;
  }

  #decode(letter: GetMessage): DecodedLetter {
    return readLetter(letter, this.#clock.now());
  }

  #taken(channel: Channel, letter: GetMessage): TakenLetter {
    const { isStored, ...decoded } = this.#decode(letter);
    const mark = isStored ? decoded.mark : newMark();
    const taken = { ...decoded, mark, id: mark === undefined ? decoded.id : letterId(decoded.id, mark) };
    const remove = (): Promise<void> => this.#settle("remove from", channel, () => channel.ack(letter));
    const putBack =
      isStored || mark === undefined
        ? () => this.#settle("put back into", channel, () => channel.nack(letter, false, true))
        : async () => {
            // What the broker has dead-lettered is put back as ours, to be known again.
            await this.#store(taken, mark);
            await remove();
          };
    return { ...taken, remove, putBack };
  }

  async #settle(operation: string, channel: Channel, send: () => void): Promise<void> {
    try {
      send();
      // An ack has no answer, but a channel is worked through in order: after this one it was.
      await answered(this.#clock, channel, channel.checkQueue(this.#queue));
    } catch (cause) {
      const what = `${this.#what(operation)}: the channel is gone, and the letter back in its queue`;
      throw new PubSubError("LEASE_LOST", what, { cause });
    }
  }

  /** Taken letters live as long as their channel, so it is not shared with anything that could close it. */
  #ownChannel(): Promise<Channel> {
    this.#requireOpen();
    if (this.#channel !== undefined) return this.#channel;
    const opening = this.#context.reading().then((connection) => connection.openChannel());
    this.#channel = opening;
    // Not a newer one: this may close late.
    const forget = (): void => {
      if (this.#channel === opening) this.#channel = undefined;
    };
    opening.then((channel) => channel.on("close", forget), forget);
    return opening;
  }

  #requireOpen(): void {
    const { queue } = this.#context.names;
    if (this.#closed)
      throw new PubSubError("CLOSED", `rabbitmq: the dead letters of queue ${JSON.stringify(queue)} were closed`);
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
