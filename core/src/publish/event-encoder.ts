import { type Clock, systemClock } from "../base/clock.ts";
import { guardedLogger } from "../base/guarded-logger.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import { requireInstrumentations, requireNewId } from "../connections/connect-options.ts";
import type { DueTime } from "../contract/due.ts";
import { DestinationChecks, type Destinations } from "./destination-limits.ts";
import type { Instrumentation, PublishEnd } from "../observe/instrumentation.ts";
import { Instrumented } from "../observe/instruments.ts";
import type { PendingPublish } from "./pending-publish.ts";
import { readBatch } from "./publish-batch.ts";
import type { PublishEntry, PublishOptions, PublishResult } from "./publish-options.ts";
import { publishReader, readPublish, type PublishReader } from "./read-publish.ts";
import type { RelayMessage } from "./relay-message.ts";
import { seenBatch } from "./seen-batch.ts";
import { seenPublish, type SeenPublish } from "./seen-publish.ts";
import { requireSecret } from "../options/publish-limits.ts";
import type { Topic } from "../declare/topic.ts";

/** How an encoder checks and signs the events that it encodes. */
export interface EventEncoderOptions {
  /** What instrumentations are told as the adapter. */
  readonly adapter: string;
  /** What the brokers accept, so that a message that would be refused is refused now. @default it is found out when it is published */
  readonly destinations?: Destinations | undefined;
  /** As `publish.idSecret` of `connect`. The connection that publishes the messages needs the same. @default ids are not signed */
  readonly idSecret?: string | undefined;
  /** As `newId` of `connect`. @default UUIDv7 */
  readonly newId?: ((topic: string) => string) | undefined;
  /** They see each event when it is encoded, and what they add travels with the message. @default none */
  readonly instrumentation?: readonly Instrumentation[] | undefined;
  /** Where errors of instrumentations go. @default nowhere */
  readonly logger?: Logger | undefined;
  /** For publish times and ids. @default the system's clock */
  readonly clock?: Clock | undefined;
}

/** An event that was encoded, for somebody to store. */
export interface EncodedPublish {
  readonly message: RelayMessage;
  /** Present with `deliverAt` or `delayMs`: the message must not be published before. See `ScheduleStore`. */
  readonly due: DueTime | undefined;
  /** Present when the schema is asynchronous. The message must not be stored before it has resolved: it rejects when the event does not match. */
  readonly valid: Promise<void> | undefined;
  /** Present when instrumentations want to know how it ended: call it once. */
  readonly ended: ((end: PublishEnd) => void) | undefined;
}

/** The entries of a batch that were encoded. */
export interface EncodedBatch {
  /** In the order of the entries, with the error of those that cannot be published. */
  readonly entries: readonly (EncodedPublish | { readonly message: undefined; readonly error: unknown })[];
  /** Tells instrumentations how the whole ended: call it once, after `ended` of each entry. */
  ended(results: readonly PublishResult[]): void;
}

/**
 * Does the first half of `publish` without a connection: reads the call at once, asks the schema, encodes, copies attributes, makes the id,
 * and shows the publish to instrumentations. `publishEncoded` does the other half. May be shared and called concurrently.
 */
export class EventEncoder {
  readonly #adapter: string;
  readonly #reader: PublishReader;
  readonly #checks: DestinationChecks | undefined;
  readonly #instrumented: Instrumented;

  /** @throws TypeError when an option is not allowed */
  constructor(options: EventEncoderOptions) {
    const { adapter, destinations, idSecret, newId, instrumentation = [], clock = systemClock } = options;
    if (idSecret !== undefined) requireSecret(idSecret);
    requireNewId(newId);
    requireInstrumentations(instrumentation);
    this.#adapter = adapter;
    this.#reader = publishReader(clock, idSecret, newId, undefined);
    this.#checks = destinations === undefined ? undefined : new DestinationChecks(destinations);
    this.#instrumented = new Instrumented(instrumentation, guardedLogger(options.logger ?? silentLogger));
  }

  /**
   * Encodes an event as it is now: later changes by the caller have no effect.
   *
   * @throws the errors with which `publish` rejects before anything is sent; those of limits only with `destinations`
   */
  encode<Input>(topic: Topic<Input, unknown>, event: Input, options?: PublishOptions): EncodedPublish {
    const read = readPublish(topic, event, options, this.#reader);
    const instruments = this.#instrumented.publishing;
    if (instruments === undefined) return this.#encoded(topic, { message: read, ended: undefined });
    const place = { topic: topic.name, adapter: this.#adapter };
    return this.#encoded(topic, seenPublish(read, place, undefined, instruments));
  }

  /** Encodes all entries as they are now. @throws TypeError when `entries` is not an array */
  encodeBatch<Input>(
    topic: Topic<Input, unknown>,
    entries: readonly PublishEntry<Input>[],
    signal?: AbortSignal,
  ): EncodedBatch {
    const read = readBatch(topic, entries, signal, this.#reader);
    const instruments = read.length === 0 ? undefined : this.#instrumented.publishing;
    const place = { topic: topic.name, adapter: this.#adapter };
    const seen = instruments === undefined ? undefined : seenBatch(read, place, instruments);
    const encoded = (seen?.entries ?? read).map((entry): EncodedBatch["entries"][number] => {
      if (entry.message === undefined) return entry;
      try {
        return this.#encoded(topic, { message: entry.message, ended: entry.ended });
      } catch (error) {
        return { message: undefined, error };
      }
    });
    return { entries: encoded, ended: (results) => seen?.ended(results) };
  }

  #encoded<Input>(topic: Topic<Input, unknown>, { message, ended }: SeenPublish): EncodedPublish {
    try {
      const checked = this.#checks === undefined ? message : this.#checks.checked(topic, message);
      return { message: relayMessage(topic.name, checked), due: message.due, valid: message.valid, ended };
    } catch (error) {
      ended?.({ error });
      throw error;
    }
  }
}

function relayMessage(topic: string, message: PendingPublish): RelayMessage {
  const { id, body, attributes, orderingKey, publishTimeMs } = message;
  return { topic, id, body, attributes, orderingKey, publishTimeMs };
}
