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
import type { Channel, Message } from "amqplib";
import { decodeLetter, encodeStored } from "./codec.ts";
import { askThroughQueue } from "./connection/ask-through-queue.ts";
import { answered, closeWithin } from "./connection/channels.ts";
import type { Connections } from "./connection/connections.ts";
import { toPubSubError } from "./errors.ts";
import { LetterReader, type ReadLetter } from "./letters/letter-reader.ts";
import { LetterReturns } from "./letters/letter-returns.ts";
import { SCAN_WINDOW, TAKE_WINDOW } from "./limits.ts";
import { type QueueNames, queueNames } from "./names.ts";
import { letterId, newMark } from "./wire/message-id.ts";

/** A channel and what returns letters on it, in order. */
interface TakingChannel {
  readonly channel: Channel;
  readonly returns: LetterReturns;
}

/** An unsettled letter is invisible to others until it is put back or its channel ends. */
export class RabbitmqDeadLetters implements DriverDeadLetters {
  readonly #connections: Connections;
  readonly #names: QueueNames;
  readonly #queue: string;
  readonly #clock: Clock;
  #taking: Promise<TakingChannel> | undefined;
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
      const reader = new LetterReader(this.#clock, channel, this.#queue, SCAN_WINDOW);
      const shown = await reader.show(limit, (letter) => visit(decodeLetter(letter, this.#clock.now())));
      if (shown > 0) await this.#returned(channel);
    });
  }

  async take(limit: number): Promise<readonly TakenLetter[]> {
    try {
      const taking = await this.#takingChannel();
      const reader = new LetterReader(this.#clock, taking.channel, this.#queue, TAKE_WINDOW);
      return (await reader.collect(limit)).map((one) => this.#taken(taking, one));
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
    const opening = this.#taking;
    this.#taking = undefined;
    const taking = await opening?.catch(() => undefined);
    if (taking !== undefined) await closeWithin(this.#clock, taking.channel);
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

  /** Resolves when the queue has the letters that were put back on this channel, so that `count` knows of them. Certain before 4.0. */
  async #returned(channel: Channel): Promise<void> {
    const { server } = await this.#connections.letters();
    if (!server.takesCredit) return void (await this.#check(channel));
    const giveBack = (letter: Message): void => channel.nack(letter, false, true);
    await answered(this.#clock, channel, askThroughQueue(channel, this.#queue, giveBack));
  }

  #taken({ channel, returns }: TakingChannel, { letter, window }: ReadLetter): TakenLetter {
    const { isStored, ...decoded } = decodeLetter(letter, this.#clock.now());
    const mark = isStored ? decoded.mark : newMark();
    const taken = { ...decoded, mark, id: mark === undefined ? decoded.id : letterId(decoded.id, mark) };
    const acked = async (): Promise<void> => {
      await window?.cancel();
      channel.ack(letter);
      // An ack has no answer. But the broker processes a channel in order: when this is answered, the ack was processed.
      await this.#check(channel);
    };
    const remove = (): Promise<void> => this.#settled("remove from", channel, acked);
    const putBack =
      isStored || mark === undefined
        ? () => this.#settled("put back into", channel, () => returns.putBack(letter, window))
        : async () => {
            // A letter of the broker is stored again as one of ours, so that it keeps its mark.
            await this.#store(taken, mark);
            await remove();
          };
    return { ...taken, remove, putBack };
  }

  async #settled(operation: string, channel: Channel, settle: () => Promise<void>): Promise<void> {
    try {
      await settle();
    } catch (cause) {
      // If it is still open, it holds a letter that nobody settles.
      void closeWithin(this.#clock, channel);
      const what = `${this.#what(operation)}: the channel is lost, and the letter is in its queue again`;
      throw new PubSubError("LEASE_LOST", what, { cause });
    }
  }

  /** Taken letters live as long as their channel, so it is not shared with anything that could close it. */
  #takingChannel(): Promise<TakingChannel> {
    this.#requireOpen();
    if (this.#taking !== undefined) return this.#taking;
    const opening = this.#connections
      .letters()
      .then((connection) => connection.openChannel())
      .then((channel) => ({ channel, returns: new LetterReturns(channel, () => this.#returned(channel)) }));
    this.#taking = opening;
    // It may close late, when there is a newer channel already.
    const forget = (): void => {
      if (this.#taking === opening) this.#taking = undefined;
    };
    opening.then(({ channel }) => channel.on("close", forget), forget);
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
