import type { PublishBatchRequestEntry } from "@aws-sdk/client-sns";
import type { DriverPublisher, OutgoingMessage, PublishRequest, PubSubError, TopicSpec } from "@anytopic/core/driver";
import { type BatchAnswer, type BatchCall, callBatch } from "./settle/batch-call.ts";
import { type EncodedMessage, encodeFor } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { entryError } from "./errors.ts";
import { deduplicationId, messageGroupId } from "./wire/fifo-ids.ts";
import { isFifo } from "./names.ts";

/** Sends each batch of core as one PublishBatch, with a result for each entry. */
export class AwsPublisher implements DriverPublisher, BatchCall<PublishRequest> {
  readonly doing: string;
  readonly connection: Connection;
  readonly #topicArn: string;
  readonly #fifo: boolean;
  /** Kept from `sizeOf` to `publish`, so that a message is encoded once. */
  readonly #encoded = new WeakMap<OutgoingMessage, EncodedMessage>();

  constructor(connection: Connection, topic: TopicSpec, topicArn: string) {
    this.connection = connection;
    this.#topicArn = topicArn;
    this.#fifo = isFifo(topic);
    this.doing = `publish to topic ${topicArn}`;
  }

  sizeOf(message: OutgoingMessage): number {
    return this.#encode(message).bytes;
  }

  publish(batch: readonly PublishRequest[]): void {
    void callBatch(batch, this);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  call(batch: readonly PublishRequest[]): Promise<BatchAnswer> {
    const { sns, snsApi } = this.connection;
    const entries = batch.map((request, index) => this.#entry(request, index));
    return sns.send(new snsApi.PublishBatchCommand({ TopicArn: this.#topicArn, PublishBatchRequestEntries: entries }));
  }

  settled(request: PublishRequest, error: PubSubError | undefined): void {
    if (error === undefined) request.accept();
    else request.reject(error);
  }

  wanted({ awaited }: PublishRequest): boolean {
    return awaited;
  }

  entryError(code: string | undefined): PubSubError {
    return entryError(code, this.doing);
  }

  #entry(request: PublishRequest, index: number): PublishBatchRequestEntry {
    const { body, attributes } = this.#encode(request);
    const entry: PublishBatchRequestEntry = { Id: String(index), Message: body, MessageAttributes: attributes };
    if (this.#fifo) {
      entry.MessageGroupId = messageGroupId(request);
      entry.MessageDeduplicationId = deduplicationId(request);
    }
    return entry;
  }

  #encode(message: OutgoingMessage): EncodedMessage {
    let encoded = this.#encoded.get(message);
    if (encoded === undefined) {
      encoded = encodeFor(this.#fifo, message);
      this.#encoded.set(message, encoded);
    }
    return encoded;
  }
}
