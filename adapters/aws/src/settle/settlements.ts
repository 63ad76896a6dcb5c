import type { Clock, PubSubError } from "@anytopic/core/driver";
import { type BatchAnswer, type BatchCall, callBatch } from "./batch-call.ts";
import type { Connection } from "../connection.ts";
import type { AwsDelivery } from "../delivery.ts";
import { EntryBatcher } from "./entry-batcher.ts";
import { entryError } from "../errors.ts";
import type { Queue } from "../topology/queue.ts";

interface Settlement {
  readonly receipt: string;
  readonly done: (error: PubSubError | undefined) => void;
}

interface VisibilityChange extends Settlement {
  readonly seconds: number;
  /** The delivery whose lease is renewed; undefined when the change ends it. */
  readonly renewed: AwsDelivery | undefined;
}

/**
 * The deletes and the changes of visibility of one worker, collected into batch calls.
 *
 * A renewal must not undo a settle: it is dropped when its delivery was settled meanwhile, and a retry waits for a
 * renewal that is on its way, which could arrive after it and hide the message for a whole lease. A delete does not
 * wait: after it a renewal finds nothing, and a slow one could cost the lease.
 */
export class Settlements {
  readonly #connection: Connection;
  readonly #queue: Queue;
  readonly #clock: Clock;
  readonly #deletes: EntryBatcher<Settlement>;
  readonly #changes: EntryBatcher<VisibilityChange>;
  readonly #deleting: BatchCall<Settlement>;
  readonly #changing: BatchCall<VisibilityChange>;
  /** Retries that wait for a renewal. */
  readonly #waiting = new Set<Promise<void>>();

  constructor(connection: Connection, queue: Queue) {
    this.#connection = connection;
    this.#queue = queue;
    this.#clock = connection.context.clock;
    this.#deleting = this.#batchCall("acknowledge", (entries) => this.#callDelete(entries));
    this.#changing = this.#batchCall("change the visibility", (entries) => this.#callChange(entries));
    this.#deletes = new EntryBatcher(this.#clock, (entries) => callBatch(entries, this.#deleting));
    this.#changes = new EntryBatcher(this.#clock, (entries) => this.#sendChanges(entries));
  }

  /** Resolves when SQS has deleted it. */
  delete({ receipt }: AwsDelivery): Promise<void> {
    return confirmation((done) => this.#deletes.add({ receipt, done }));
  }

  /** Resolves when the message is invisible for that long from now, in whole seconds, and no longer ours. */
  hide(delivery: AwsDelivery, delayMs: number): Promise<void> {
    const dueAtMs = this.#clock.monotonicNow() + delayMs;
    return confirmation((done) => {
      if (delivery.renewal === undefined) this.#addHiding(delivery, dueAtMs, done);
      else this.#hideAfterRenewal(delivery, dueAtMs, done);
    });
  }

  /** The same at once visible, for a message that never became a delivery. */
  show(receipt: string, done: (error: PubSubError | undefined) => void): void {
    this.#changes.add({ receipt, seconds: 0, renewed: undefined, done });
  }

  /** Renews a lease, unless the delivery is settled before that is sent. */
  renew(delivery: AwsDelivery, seconds: number, lost: () => void): void {
    if (delivery.renewing) return;
    delivery.renewing = true;
    const done = (error: PubSubError | undefined): void => {
      if (error?.code === "LEASE_LOST") lost();
    };
    this.#changes.add({ receipt: delivery.receipt, seconds, renewed: delivery, done });
  }

  /** Sends everything; resolves when all of it is answered. */
  async flush(): Promise<void> {
    await Promise.all(this.#waiting);
    await Promise.all([this.#deletes.flush(), this.#changes.flush()]);
  }

  #hideAfterRenewal(delivery: AwsDelivery, dueAtMs: number, done: Settlement["done"]): void {
    const hide = async (): Promise<void> => {
      await delivery.renewal;
      this.#waiting.delete(waiting);
      if (this.#clock.monotonicNow() < delivery.leaseEndsAtMs) this.#addHiding(delivery, dueAtMs, done);
      // The message may be somebody else's by now, whom a change with an old receipt would disturb.
      else done(entryError("ReceiptHandleIsInvalid", this.#changing.doing));
    };
    const waiting = hide();
    this.#waiting.add(waiting);
  }

  #addHiding(delivery: AwsDelivery, dueAtMs: number, done: Settlement["done"]): void {
    const nowMs = this.#clock.monotonicNow();
    const seconds = delivery.invisibleFor(Math.max(0, Math.ceil((dueAtMs - nowMs) / 1000)), nowMs);
    this.#changes.add({ receipt: delivery.receipt, seconds, renewed: undefined, done });
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
          // SQS counts from before its answer came, so that it may know of the end before we do.
          else if (error.code === "LEASE_LOST") renewed.leaseEndsAtMs = Number.NEGATIVE_INFINITY;
          renewed.renewal = undefined;
          renewed.renewing = false;
        }
        entry.done(error);
        answered.get(entry)?.();
      },
    });
  }

  #callDelete(entries: readonly Settlement[]): Promise<BatchAnswer> {
    const { sqs, sqsApi } = this.#connection;
    return sqs.send(
      new sqsApi.DeleteMessageBatchCommand({
        QueueUrl: this.#queue.url,
        Entries: entries.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt })),
      }),
    );
  }

  #callChange(entries: readonly VisibilityChange[]): Promise<BatchAnswer> {
    const { sqs, sqsApi } = this.#connection;
    return sqs.send(
      new sqsApi.ChangeMessageVisibilityBatchCommand({
        QueueUrl: this.#queue.url,
        Entries: entries.map(({ receipt, seconds }, index) => ({
          Id: String(index),
          ReceiptHandle: receipt,
          VisibilityTimeout: seconds,
        })),
      }),
    );
  }

  #batchCall<Entry extends Settlement>(
    action: string,
    call: (entries: readonly Entry[]) => Promise<BatchAnswer>,
  ): BatchCall<Entry> {
    const doing = `${action} messages of queue ${this.#queue.name}`;
    return {
      call,
      doing,
      context: this.#connection.context,
      failed: (error) => this.#connection.failed(error),
      wanted: () => true,
      settled: (entry, error) => entry.done(error),
      // The one parameter that can be wrong is the receipt, and it is when its lease has ended.
      entryError: (code) =>
        entryError(code?.startsWith("InvalidParameterValue") === true ? "ReceiptHandleIsInvalid" : code, doing),
    };
  }
}

/** A renewal is, until its delivery is settled or lost. */
function isWanted({ renewed }: VisibilityChange): boolean {
  return renewed === undefined || renewed.state === "held";
}

function confirmation(add: (done: Settlement["done"]) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    add((error) => (error === undefined ? resolve() : reject(error)));
  });
}
