import type { Message } from "@aws-sdk/client-sqs";
import {
  type Clock,
  CLOSE_GRACE_MS,
  type DeliverySink,
  type DriverDelivery,
  type DriverSubscriber,
  type SubscriberOptions,
  type SubscriptionSpec,
  within,
} from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { AwsDelivery } from "./delivery.ts";
import { MAX_BATCH_ENTRIES } from "./limits.ts";
import { isFifo, snsTopicName } from "./names.ts";
import { Receivers } from "./receive/receivers.ts";
import { Settlements } from "./settle/settlements.ts";
import type { UnstartedReceipts } from "./settle/unstarted-receipts.ts";
import type { Queue } from "./topology/queues.ts";
import { decodeMessage } from "./wire/decode-message.ts";

/** One worker on a queue. */
export class AwsSubscriber implements DriverSubscriber {
  readonly #clock: Clock;
  readonly #sink: DeliverySink;
  readonly #unstarted: UnstartedReceipts;
  readonly #topicName: string;
  readonly #fifo: boolean;
  readonly #leaseSeconds: number;
  readonly #settlements: Settlements;
  readonly #receivers: Receivers;
  #closing: Promise<void> | undefined;

  constructor(
    connection: Connection,
    queue: Queue,
    subscription: SubscriptionSpec,
    sink: DeliverySink,
    { maxOutstanding }: SubscriberOptions,
    unstarted: UnstartedReceipts,
  ) {
    this.#clock = connection.context.clock;
    this.#sink = sink;
    this.#unstarted = unstarted;
    this.#topicName = snsTopicName(connection.options.prefix, subscription.topic);
    this.#fifo = isFifo(subscription.topic);
    this.#leaseSeconds = Math.ceil(subscription.ackDeadlineMs / 1000);
    this.#settlements = new Settlements(connection, queue, {
      sink,
      unstarted,
      fifo: this.#fifo,
      leaseSeconds: this.#leaseSeconds,
      freed: () => this.#receivers.pump(),
    });
    this.#receivers = new Receivers(connection, queue, {
      fifo: this.#fifo,
      visibilitySeconds: this.#leaseSeconds,
      capacity: maxOutstanding,
      places: () => maxOutstanding - this.#settlements.heldCount,
      batchSize: () => (this.#settlements.singly ? 1 : MAX_BATCH_ENTRIES),
      received: (messages) => this.#receive(messages),
      late: (messages) => this.#settlements.releaseReceived(messages),
      failing: (error) => {
        connection.failed(error);
        sink.failing(error);
      },
      recovered: () => sink.receiving(true),
    });
    sink.receiving(false);
    this.#receivers.pump();
  }

  overdueMs(): number {
    return this.#receivers.overdueMs();
  }

  extend(deliveries: readonly DriverDelivery[]): void {
    for (const delivery of deliveries) if (delivery instanceof AwsDelivery) this.#settlements.extend(delivery);
  }

  stop(): Promise<void> {
    this.#receivers.stop();
    return Promise.resolve();
  }

  close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  #receive(messages: readonly Message[]): void {
    const nowMs = this.#clock.monotonicNow();
    const groups = new Set<string>();
    // All of them before the first `deliver`: a handler may fail before it returns, and then its followers must be known.
    const deliveries = messages.map((message) => {
      const group = this.#fifo ? message.Attributes?.MessageGroupId : undefined;
      // A follower of an unsettled message cannot have been started before, however often it was received.
      const follows = group !== undefined && groups.has(group);
      if (group !== undefined) groups.add(group);
      const attempt = follows ? 1 : this.#unstarted.attemptOf(message);
      const decoded = decodeMessage(message, this.#topicName, this.#fifo, "queue");
      const leaseEndsAtMs = nowMs + this.#leaseSeconds * 1000;
      const delivery = new AwsDelivery(this.#settlements, decoded, attempt, group, nowMs, leaseEndsAtMs);
      this.#settlements.hold(delivery);
      return delivery;
    });
    for (const delivery of deliveries) {
      if (delivery.state !== "received") continue;
      delivery.state = "held";
      this.#sink.deliver(delivery);
    }
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#receivers.stop();
    await within(this.#clock, timeoutMs, this.#settlements.close());
  }
}
