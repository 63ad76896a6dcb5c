import type { DeliveryOwner, DeliverySink, SubscriptionSpec } from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";
import { isPassedOver } from "../codec.ts";
import type { Connection } from "../connection.ts";
import { NatsDelivery } from "../delivery.ts";
import type { SubscriptionNames } from "../names.ts";
import { SettledRing } from "../settle/settled-ring.ts";
import { SettleWriter } from "../settle/settle-writer.ts";
import type { AckSubject } from "../wire/ack-subject.ts";
import { decodeMessage } from "../wire/read-message.ts";

/** What a worker is opened with. */
export interface WorkerSetup {
  readonly connection: Connection;
  readonly names: SubscriptionNames;
  readonly spec: SubscriptionSpec;
  readonly sink: DeliverySink;
  readonly maxOutstanding: number;
}

/** Makes deliveries of the messages that a worker receives, and remembers how it has settled them. */
export class DeliveryReader {
  readonly settles: SettleWriter;
  readonly #connection: Connection;
  readonly #names: SubscriptionNames;
  readonly #settled = new SettledRing();

  constructor({ connection, names, spec }: WorkerSetup) {
    this.#connection = connection;
    this.#names = names;
    this.settles = new SettleWriter(connection, spec.ackDeadlineMs, spec.topic.exactlyOnce);
  }

  /** Undefined when the message was acknowledged at once: this worker had acknowledged it before, or it is passed over. */
  read(owner: DeliveryOwner<NatsDelivery>, message: Msg, ack: AckSubject, reply: string): NatsDelivery | undefined {
    const settled = this.#settled.find(ack);
    const metadata = decodeMessage(message);
    if (settled?.acked === true || isPassedOver(metadata, ack.streamSequence, this.#names)) {
      this.#connection.settles.ack(reply);
      return undefined;
    }
    const attempt = Math.max(ack.delivered, (settled?.attempt ?? 0) + 1);
    const delivery = new NatsDelivery(owner, this.#names, message, ack, reply, metadata, attempt);
    this.settles.leased(delivery);
    return delivery;
  }

  /** Its lease had expired, and the server has redelivered it to this same worker: its handler goes on under a new lease. */
  redelivered(delivery: NatsDelivery, { consumerSequence }: AckSubject, reply: string): void {
    delivery.ackSubject = reply;
    delivery.consumerSequence = consumerSequence;
    this.settles.leased(delivery);
  }

  settled(delivery: NatsDelivery, acked: boolean): void {
    const { streamSequence, storedMs, attempt } = delivery;
    this.#settled.add(streamSequence, storedMs, attempt, acked && this.settles.mayAck(delivery));
  }
}
