import { randomUUID } from "node:crypto";
import type { Message } from "@aws-sdk/client-sqs";
import {
  type DriverDeadLetters,
  type OutgoingMessage,
  PubSubError,
  type StoredMessage,
  type SubscriptionSpec,
  type TakenLetter,
} from "@anytopic/core/driver";
import { type EncodedMessage, encodeMessage } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { type DecodedMessage, decodeMessage } from "./decode-message.ts";
import { toPubSubError } from "./errors.ts";
import { freshDeduplicationId, messageGroupId } from "./fifo-ids.ts";
import { letterForms } from "./letter-forms.ts";
import { MAX_BATCH_ENTRIES } from "./limits.ts";
import type { Queue } from "./queue.ts";
import { isFifo, snsTopicName } from "./resource-names.ts";

/** The lease of a taken letter, in seconds. */
const TAKE_SECONDS = 60;
/** How long letters are out of others' sight while they are looked at, in seconds, if nobody puts them back before. */
const PEEK_SECONDS = 15;
/** Long enough to ask all of SQS's servers, which a wait of 0 does not. */
const WAIT_SECONDS = 1;
/** Receives and settles at the same time. */
const PARALLEL = 5;

/** The dead-letter queue of one subscription. */
export class AwsDeadLetters implements DriverDeadLetters {
  readonly #connection: Connection;
  readonly #letters: Queue;
  readonly #main: Queue;
  readonly #fifo: boolean;
  readonly #topicName: string;

  constructor(connection: Connection, subscription: SubscriptionSpec, letters: Queue, main: Queue) {
    this.#connection = connection;
    this.#letters = letters;
    this.#main = main;
    this.#fifo = isFifo(subscription.topic);
    this.#topicName = snsTopicName(connection.options.prefix, subscription.topic);
  }

  /** In a FIFO queue each letter has a group of its own, so that no letter waits for another. */
  async store(letter: OutgoingMessage): Promise<void> {
    const group = this.#fifo ? randomUUID() : undefined;
    let refused: unknown;
    for (const { without, encode } of letterForms(letter, group)) {
      try {
        await this.#send(this.#letters, encode(), group);
        if (without !== "") this.#warn(letter, without);
        return;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused = error;
      }
    }
    throw refused;
  }

  redeliver(message: OutgoingMessage): Promise<void> {
    const group = this.#fifo ? messageGroupId(message) : undefined;
    return this.#send(this.#main, encodeMessage(message, group), group);
  }

  async count(): Promise<number> {
    const { sqs, sqsApi } = this.#connection;
    const counted = await this.#call("count letters", () =>
      sqs.send(
        new sqsApi.GetQueueAttributesCommand({
          QueueUrl: this.#letters.url,
          AttributeNames: [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
          ],
        }),
      ),
    );
    return Object.values(counted.Attributes ?? {}).reduce((sum, count) => sum + Number(count), 0);
  }

  async peek(limit: number): Promise<readonly StoredMessage[]> {
    const messages = await this.#receive(limit, PEEK_SECONDS, WAIT_SECONDS);
    await inParallel(messages, ({ ReceiptHandle }) => this.#show(ReceiptHandle));
    return messages.map((message) => this.#decode(message));
  }

  async take(limit: number): Promise<readonly TakenLetter[]> {
    // Who wants them all asks again, so a short poll, which may overlook some, does after the first round.
    const messages = await this.#receive(limit, TAKE_SECONDS, 0);
    return messages.map((message) => this.#taken(message));
  }

  /** Not PurgeQueue, which may delete what is stored up to a minute after it, and is refused twice within 60 s. */
  async purge(): Promise<number> {
    let purged = 0;
    for (let left = await this.count(); ;) {
      const messages = await this.#receive(1000, TAKE_SECONDS, 0);
      await inParallel(messages, ({ ReceiptHandle }) => this.#remove(ReceiptHandle));
      purged += messages.length;
      left -= messages.length;
      if (messages.length === 0 || left <= 0) return purged;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #taken(message: Message): TakenLetter {
    return {
      ...this.#decode(message),
      // Two letters can have one id and time, which their publisher chose.
      mark: message.MessageId,
      remove: () => this.#remove(message.ReceiptHandle),
      putBack: () => this.#show(message.ReceiptHandle),
    };
  }

  #decode(message: Message): DecodedMessage {
    return decodeMessage(message, this.#topicName, this.#fifo, "letters");
  }

  /** Up to `limit` letters, the oldest first; ends with the first round that brings nothing. */
  async #receive(limit: number, visibilitySeconds: number, laterWaitSeconds: number): Promise<Message[]> {
    const found = new Map<string, Message>();
    while (found.size < limit) {
      const wanted = limit - found.size;
      const requests = Math.min(PARALLEL, Math.ceil(wanted / MAX_BATCH_ENTRIES));
      const rounds = Array.from({ length: requests }, (_, index) =>
        this.#receiveOnce(
          Math.min(MAX_BATCH_ENTRIES, wanted - index * MAX_BATCH_ENTRIES),
          visibilitySeconds,
          found.size === 0 ? WAIT_SECONDS : laterWaitSeconds,
        ),
      );
      const before = found.size;
      for (const messages of await Promise.all(rounds)) {
        for (const message of messages) found.set(message.MessageId ?? "", message);
      }
      if (found.size === before) break;
    }
    return [...found.values()].sort((a, b) => sentAt(a) - sentAt(b));
  }

  async #receiveOnce(count: number, visibilitySeconds: number, waitSeconds: number): Promise<readonly Message[]> {
    const { pollSqs, sqsApi } = this.#connection;
    const answer = await this.#call("receive letters", () =>
      pollSqs.send(
        new sqsApi.ReceiveMessageCommand({
          QueueUrl: this.#letters.url,
          MaxNumberOfMessages: count,
          WaitTimeSeconds: waitSeconds,
          VisibilityTimeout: visibilitySeconds,
          MessageSystemAttributeNames: ["SentTimestamp", "MessageGroupId", "DeadLetterQueueSourceArn"],
          MessageAttributeNames: ["All"],
        }),
      ),
    );
    return answer.Messages ?? [];
  }

  async #remove(receipt: string | undefined): Promise<void> {
    const { sqs, sqsApi } = this.#connection;
    await this.#call("remove a letter", () =>
      sqs.send(new sqsApi.DeleteMessageCommand({ QueueUrl: this.#letters.url, ReceiptHandle: receipt })),
    );
  }

  async #show(receipt: string | undefined): Promise<void> {
    const { sqs, sqsApi } = this.#connection;
    await this.#call("put a letter back", () =>
      sqs.send(
        new sqsApi.ChangeMessageVisibilityCommand({
          QueueUrl: this.#letters.url,
          ReceiptHandle: receipt,
          VisibilityTimeout: 0,
        }),
      ),
    );
  }

  #warn({ id }: OutgoingMessage, without: string): void {
    this.#connection.context.logger.warn(
      { queue: this.#letters.name, id },
      `a dead letter was more than SQS takes, and is stored without ${without}`,
    );
  }

  async #send(queue: Queue, { body, attributes }: EncodedMessage, group: string | undefined): Promise<void> {
    const { sqs, sqsApi } = this.#connection;
    const fifo = group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: freshDeduplicationId() };
    await this.#call(`send to queue ${queue.name}`, () =>
      sqs.send(
        new sqsApi.SendMessageCommand({
          QueueUrl: queue.url,
          MessageBody: body,
          MessageAttributes: attributes,
          ...fifo,
        }),
      ),
    );
  }

  async #call<Answer>(doing: string, call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call();
    } catch (error) {
      throw toPubSubError(error, `${doing} (queue ${this.#letters.name})`);
    }
  }
}

/** AWS does not take the message as it is, whoever tries how often. */
function isRefusal(error: unknown): boolean {
  return error instanceof PubSubError && (error.code === "REJECTED" || error.code === "LIMIT_EXCEEDED");
}

function sentAt(message: Message): number {
  return Number(message.Attributes?.SentTimestamp ?? 0);
}

async function inParallel<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: 2 * PARALLEL }, worker));
}
