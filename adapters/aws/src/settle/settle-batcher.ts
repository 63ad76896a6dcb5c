import type { Message } from "@aws-sdk/client-sqs";
import type { Clock, PubSubError } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import type { AwsDelivery } from "../delivery.ts";
import { entryError } from "../errors.ts";
import type { Queue } from "../topology/queues.ts";
import { type BatchAnswer, type BatchCall, callBatch } from "./batch-call.ts";
import { EntryBatcher } from "./entry-batcher.ts";

type Done = (error: PubSubError | undefined) => void;

interface Deletion {
  readonly message: Message;
  readonly done: Done;
}

interface VisibilityChange extends Deletion {
  readonly seconds: number;
  /** The delivery whose lease is renewed; undefined when the change ends the lease. */
  readonly renewed: AwsDelivery | undefined;
}

/**
 * Collects the deletions and the changes of visibility of one worker into batch calls.
 *
 * A renewal must not undo a settle. So a renewal that was not sent yet is dropped when its delivery is settled, and a retry
 * waits for a renewal that was sent: SQS could apply the renewal later, and hide the message for a whole lease. A deletion
 * does not wait: a later renewal has no effect, and the lease could end while the deletion waits.
 */
export class SettleBatcher {
  readonly #clock: Clock;
  readonly #changing: BatchCall<VisibilityChange>;
  readonly #deletions: EntryBatcher<Deletion>;
  readonly #changes: EntryBatcher<VisibilityChange>;
  /** Retries that wait for a renewal. */
  readonly #waiting = new Set<Promise<void>>();

  constructor(connection: Connection, queue: Queue) {
    const { sqs, sqsApi } = connection;
    const QueueUrl = queue.url;
    this.#clock = connection.context.clock;
    const deleting = batchCall(connection, queue, "acknowledge", (deletions: readonly Deletion[]) => {
      const Entries = deletions.map(({ message: { ReceiptHandle } }, index) => ({ Id: String(index), ReceiptHandle }));
      return sqs.send(new sqsApi.DeleteMessageBatchCommand({ QueueUrl, Entries }));
    });
    this.#changing = batchCall(connection, queue, "change the visibility", (changes) => {
      const Entries = changes.map(({ message: { ReceiptHandle }, seconds }, index) => ({
        Id: String(index),
        ReceiptHandle,
        VisibilityTimeout: seconds,
      }));
      return sqs.send(new sqsApi.ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
    });
    this.#deletions = new EntryBatcher(this.#clock, (entries) => callBatch(entries, deleting));
    this.#changes = new EntryBatcher(this.#clock, (entries) => this.#sendChanges(entries));
  }

  /** Resolves when SQS has deleted the message. */
  delete({ native }: AwsDelivery): Promise<void> {
    return confirmation((done) => this.#deletions.add({ message: native, done }));
  }

  /** Resolves when the message is invisible until that long from now, in whole seconds, and no longer ours. */
  hide(delivery: AwsDelivery, delayMs: number): Promise<void> {
    const dueAtMs = this.#clock.monotonicNow() + delayMs;
    return confirmation((done) => {
      if (delivery.renewal === undefined) this.#addHiding(delivery, dueAtMs, done);
      else this.#hideAfterRenewal(delivery, dueAtMs, done);
    });
  }

  /** Makes a message that never became a delivery visible at once. */
  show(message: Message, done: Done): void {
    this.#changes.add({ message, seconds: 0, renewed: undefined, done });
  }

  /** Renews a lease, unless the delivery is settled before the request is sent. */
  renew(delivery: AwsDelivery, seconds: number, lost: () => void): void {
    if (delivery.renewing) return;
    delivery.renewing = true;
    const done: Done = (error) => {
      if (error?.code === "LEASE_LOST") lost();
    };
    this.#changes.add({ message: delivery.native, seconds, renewed: delivery, done });
  }

  /** Sends everything, and resolves when all of it was answered. */
  async flush(): Promise<void> {
    await Promise.all(this.#waiting);
    await Promise.all([this.#deletions.flush(), this.#changes.flush()]);
  }

  #hideAfterRenewal(delivery: AwsDelivery, dueAtMs: number, done: Done): void {
    const hide = async (): Promise<void> => {
      await delivery.renewal;
      this.#waiting.delete(waiting);
      if (this.#clock.monotonicNow() < delivery.leaseEndsAtMs) this.#addHiding(delivery, dueAtMs, done);
      // Another worker may have the message by now, and a change with an old receipt would disturb it.
      else done(entryError("ReceiptHandleIsInvalid", this.#changing.doing));
    };
    const waiting = hide();
    this.#waiting.add(waiting);
  }

  #addHiding(delivery: AwsDelivery, dueAtMs: number, done: Done): void {
    const nowMs = this.#clock.monotonicNow();
    const seconds = delivery.invisibleFor(Math.max(0, Math.ceil((dueAtMs - nowMs) / 1000)), nowMs);
    this.#changes.add({ message: delivery.native, seconds, renewed: undefined, done });
  }

  async #sendChanges(entries: readonly VisibilityChange[]): Promise<void> {
    const live = entries.filter(isWanted);
    if (live.length === 0) return;
    const sentAtMs = this.#clock.monotonicNow();
    const answered = new Map<VisibilityChange, () => void>();
    for (const entry of live) {
      if (entry.renewed !== undefined)
        entry.renewed.renewal = new Promise((resolve) => void answered.set(entry, resolve));
    }
    await callBatch(live, {
      ...this.#changing,
      wanted: isWanted,
      settled: (entry, error) => {
        const { renewed, seconds } = entry;
        if (renewed !== undefined) {
          if (error === undefined) renewed.leaseEndsAtMs = sentAtMs + seconds * 1000;
          // SQS started its clock before its answer arrived here, so it may know of the end before we do.
          else if (error.code === "LEASE_LOST") renewed.leaseEndsAtMs = Number.NEGATIVE_INFINITY;
          renewed.renewal = undefined;
          renewed.renewing = false;
        }
        entry.done(error);
        answered.get(entry)?.();
      },
    });
  }
}

function batchCall<Entry extends Deletion>(
  connection: Connection,
  queue: Queue,
  action: string,
  call: (entries: readonly Entry[]) => Promise<BatchAnswer>,
): BatchCall<Entry> {
  const doing = `${action} messages of queue ${queue.name}`;
  return {
    call,
    doing,
    connection,
    wanted: () => true,
    settled: (entry, error) => entry.done(error),
    // The only parameter that can be wrong is the receipt: its lease has ended.
    entryError: (code) =>
      entryError(code?.startsWith("InvalidParameterValue") === true ? "ReceiptHandleIsInvalid" : code, doing),
  };
}

/** A renewal is wanted until its delivery is settled or lost. */
function isWanted({ renewed }: VisibilityChange): boolean {
  return renewed === undefined || renewed.state === "held";
}

function confirmation(add: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    add((error) => (error === undefined ? resolve() : reject(error)));
  });
}
