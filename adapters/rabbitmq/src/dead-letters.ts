import {
  type Clock,
  CLOSE_GRACE_MS,
  DEAD_LETTER_ATTRIBUTE,
  type DriverDeadLetters,
  type LetterVisit,
  type OutgoingMessage,
  PubSubError,
  type SubscriptionSpec,
  type TakenLetter,
  within,
} from "@anytopic/core/driver";
import type { Channel, GetMessage } from "amqplib";
import { decodeLetter, encodeStored } from "./codec.ts";
import { answered, closeWithin } from "./connection/channels.ts";
import type { Connections } from "./connection/connections.ts";
import { toPubSubError } from "./errors.ts";
import { type QueueNames, queueNames } from "./names.ts";
import { letterId, newMark } from "./wire/message-id.ts";

/** Reads with `basic.get`: an unsettled letter is invisible to others until it is put back or its channel ends. */
export class RabbitmqDeadLetters implements DriverDeadLetters {
  readonly #connections: Connections;
  readonly #names: QueueNames;
  readonly #queue: string;
  readonly #clock: Clock;
  #channel: Promise<Channel> | undefined;
  #closed = false;

  constructor(connections: Connections, subscription: SubscriptionSpec) {
    this.#connections = connections;
    this.#names = queueNames(connections.options.prefix, subscription);
    this.#queue = this.#names.deadLetters;
    this.#clock = connections.context.clock;
  }

  store(letter: OutgoingMessage): Promise<void> {
    const mark = newMark();
    return this.#store({ ...letter, id: letterId(letter.id, mark) }, mark);
  }

  redeliver(message: OutgoingMessage): Promise<void> {
    const order = message.orderingKey === undefined ? undefined : this.#connections.nextOrder();
    return this.#send(this.#names.queue, message, { order });
  }

  async count(): Promise<number> {
    return (await this.#onChannel("count", (channel) => this.#check(channel))).messageCount;
  }

  scan(limit: number, visit: LetterVisit): Promise<void> {
    return this.#onChannel("scan", async (channel) => {
      let shown = 0;
      try {
        while (shown < limit) {
          const [letter] = await this.#get(channel, 1);
          if (letter === undefined) break;
          shown += 1;
          if (!visit(decodeLetter(letter, this.#clock.now()))) break;
        }
      } finally {
        // They return to the head of the queue, in their order.
        if (shown > 0) channel.nackAll(true);
      }
    });
  }

  async take(limit: number): Promise<readonly TakenLetter[]> {
    try {
      const channel = await this.#ownChannel();
      return (await this.#get(channel, limit)).map((letter) => this.#taken(channel, letter));
    } catch (cause) {
      const error = toPubSubError(cause, this.#what("take"));
      // A late answer may bring a letter that nobody settles, so the channel is closed.
      if (error.code === "TIMEOUT") void this.#forgetChannel();
      throw error;
    }
  }

  async purge(): Promise<number> {
    const purge = (channel: Channel) => answered(this.#clock, channel, channel.purgeQueue(this.#queue));
    return (await this.#onChannel("purge", purge)).messageCount;
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

  #what(operation: string): string {
    return `rabbitmq: ${operation} queue ${JSON.stringify(this.#queue)}`;
  }

  /** Without its attributes if the broker does not take it with them: a message that cannot be stored would be retried for ever. */
  async #store(letter: OutgoingMessage, mark: string): Promise<void> {
    try {
      await this.#send(this.#queue, letter, { mark });
    } catch (error) {
      if (!(error instanceof PubSubError && error.code === "LIMIT_EXCEEDED")) throw error;
      await this.#send(this.#queue, withoutAttributes(letter), { mark });
    }
  }

  #send(queue: string, message: OutgoingMessage, ours: Parameters<typeof encodeStored>[1]): Promise<void> {
    const { sender, options } = this.#connections;
    const { body, properties } = encodeStored(message, ours, options.contentType, sender.maxHeaderBytes);
    return sender.send(queue, body, properties);
  }

  async #onChannel<Result>(operation: string, use: (channel: Channel) => Promise<Result>): Promise<Result> {
    this.#requireOpen();
    try {
      return await (await this.#connections.letters()).withLongChannel(use);
    } catch (error) {
      throw toPubSubError(error, this.#what(operation));
    }
  }

  #check(channel: Channel): Promise<{ readonly messageCount: number }> {
    return answered(this.#clock, channel, channel.checkQueue(this.#queue));
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

  #taken(channel: Channel, letter: GetMessage): TakenLetter {
    const { isStored, ...decoded } = decodeLetter(letter, this.#clock.now());
    const mark = isStored ? decoded.mark : newMark();
    const taken = { ...decoded, mark, id: mark === undefined ? decoded.id : letterId(decoded.id, mark) };
    const remove = (): Promise<void> => this.#settle("remove from", channel, () => channel.ack(letter));
    const putBack =
      isStored || mark === undefined
        ? () => this.#settle("put back into", channel, () => channel.nack(letter, false, true))
        : async () => {
            // A letter of the broker is stored again as one of ours, so that it keeps its mark.
            await this.#store(taken, mark);
            await remove();
          };
    return { ...taken, remove, putBack };
  }

  async #settle(operation: string, channel: Channel, send: () => void): Promise<void> {
    try {
      send();
      // An ack has no answer. But the broker processes a channel in order: when this is answered, the ack was processed.
      await this.#check(channel);
    } catch (cause) {
      const what = `${this.#what(operation)}: the channel is lost, and the letter is in its queue again`;
      throw new PubSubError("LEASE_LOST", what, { cause });
    }
  }

  /** Taken letters live as long as their channel, so it is not shared with anything that could close it. */
  #ownChannel(): Promise<Channel> {
    this.#requireOpen();
    if (this.#channel !== undefined) return this.#channel;
    const opening = this.#connections.letters().then((connection) => connection.openChannel());
    this.#channel = opening;
    // It may close late, when there is a newer channel already.
    const forget = (): void => {
      if (this.#channel === opening) this.#channel = undefined;
    };
    opening.then((channel) => channel.on("close", forget), forget);
    return opening;
  }

  #requireOpen(): void {
    const queue = JSON.stringify(this.#names.queue);
    if (this.#closed) throw new PubSubError("CLOSED", `rabbitmq: the dead letters of queue ${queue} were closed`);
  }
}

/** The body matters more than the attributes. The record tells what is missing. */
function withoutAttributes(letter: OutgoingMessage): OutgoingMessage {
  const { [DEAD_LETTER_ATTRIBUTE]: record, ...left } = letter.attributes;
  if (record === undefined) return { ...letter, attributes: {} };
  const wire = JSON.parse(record) as { readonly message?: unknown };
  const note = `stored without its ${Object.keys(left).length} attributes, with which it is larger than the broker allows`;
  const message = `${String(wire.message)} (${note})`;
  return { ...letter, attributes: { [DEAD_LETTER_ATTRIBUTE]: JSON.stringify({ ...wire, message }) } };
}
