import { randomUUID } from "node:crypto";
import type { Message } from "@aws-sdk/client-sqs";
import {
  type DriverDeadLetters,
  type OutgoingMessage,
  storeLetter,
  type SubscriptionSpec,
  type TakenLetter,
} from "@anytopic/core/driver";
import { encodeBytes, type EncodedMessage, encodeMessage } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { decodeMessage } from "./wire/decode-message.ts";
import { answerTo } from "./errors.ts";
import { freshDeduplicationId, messageGroupId } from "./wire/fifo-ids.ts";
import { MAX_BATCH_ENTRIES } from "./limits.ts";
import type { Queue } from "./topology/queues.ts";
import { isFifo, snsTopicName } from "./names.ts";

/** The lease of a taken letter, in seconds. */
const TAKE_SECONDS = 60;
/** All letters, whether somebody has taken them or not. */
const COUNTS = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
] as const;
/** Receives at the same time. */
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

  /** In a FIFO queue each letter has its own group, so that no letter waits for another. */
  store(letter: OutgoingMessage): Promise<void> {
    const group = this.#fifo ? randomUUID() : undefined;
    return storeLetter(letter, {
      send: (whole) => this.#send(this.#letters, encodeMessage(whole, group), group),
      sendBytes: (whole) => this.#send(this.#letters, encodeBytes(whole, group), group),
      logger: this.#connection.context.logger,
      place: { queue: this.#letters.name },
    });
  }

  redeliver(message: OutgoingMessage): Promise<void> {
    const group = this.#fifo ? messageGroupId(message) : undefined;
    return this.#send(this.#main, encodeMessage(message, group), group);
  }

  async count(): Promise<number> {
    const { sqs, sqsApi } = this.#connection;
    const command = new sqsApi.GetQueueAttributesCommand({ QueueUrl: this.#letters.url, AttributeNames: [...COUNTS] });
    const { Attributes = {} } = await this.#call("count letters", sqs.send(command));
    return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
  }

  /** Makes several requests at the same time, of ten letters each. A short poll does not ask all of SQS's servers, and may overlook letters. */
  async take(limit: number, waitMs: number): Promise<readonly TakenLetter[]> {
    const requests = Math.min(PARALLEL, Math.ceil(limit / MAX_BATCH_ENTRIES));
    const answers = await Promise.all(
      Array.from({ length: requests }, (_, index) =>
        this.#receive(Math.min(MAX_BATCH_ENTRIES, limit - index * MAX_BATCH_ENTRIES), waitMs),
      ),
    );
    const found = new Map(answers.flat().map((message) => [message.MessageId, message]));
    return [...found.values()].sort((a, b) => sentAt(a) - sentAt(b)).map((message) => this.#taken(message));
  }

  #taken(message: Message): TakenLetter {
    const { sqs, sqsApi } = this.#connection;
    const taken = { QueueUrl: this.#letters.url, ReceiptHandle: message.ReceiptHandle };
    return {
      ...decodeMessage(message, this.#topicName, this.#fifo, "letters"),
      // Two letters can have one id and time, which their publisher chose.
      mark: message.MessageId,
      remove: async () => {
        await this.#call("remove a letter", sqs.send(new sqsApi.DeleteMessageCommand(taken)));
      },
      putBack: async () => {
        const command = new sqsApi.ChangeMessageVisibilityCommand({ ...taken, VisibilityTimeout: 0 });
        await this.#call("put a letter back", sqs.send(command));
      },
    };
  }

  async #receive(count: number, waitMs: number): Promise<readonly Message[]> {
    const { pollSqs, sqsApi } = this.#connection;
    const command = new sqsApi.ReceiveMessageCommand({
      QueueUrl: this.#letters.url,
      MaxNumberOfMessages: count,
      WaitTimeSeconds: Math.ceil(waitMs / 1000),
      VisibilityTimeout: TAKE_SECONDS,
      MessageSystemAttributeNames: ["SentTimestamp", "MessageGroupId", "DeadLetterQueueSourceArn"],
      MessageAttributeNames: ["All"],
    });
    const { Messages = [] } = await this.#call("receive letters", pollSqs.send(command));
    return Messages;
  }

  async #send(queue: Queue, { body, attributes }: EncodedMessage, group: string | undefined): Promise<void> {
    const { sqs, sqsApi } = this.#connection;
    const fifo = group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: freshDeduplicationId() };
    const message = { QueueUrl: queue.url, MessageBody: body, MessageAttributes: attributes, ...fifo };
    await this.#call(`send to queue ${queue.name}`, sqs.send(new sqsApi.SendMessageCommand(message)));
  }

  #call<Answer>(doing: string, request: Promise<Answer>): Promise<Answer> {
    return answerTo(`${doing} (queue ${this.#letters.name})`, request);
  }
}

function sentAt(message: Message): number {
  return Number(message.Attributes?.SentTimestamp ?? 0);
}
