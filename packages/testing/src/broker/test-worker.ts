import {
  type DeliverySink,
  type DriverDelivery,
  type DriverSubscriber,
  PubSubError,
  type SubscriptionSpec,
} from "@anytopic/core/driver";
import type { DeliveryFault, DeliveryMoment, FaultSource } from "../faults/fault-source.ts";
import { forwardDelivery } from "@anytopic/core/intercept";
import type { Gate, GatedWorker } from "./gate.ts";

/** What a worker needs of the broker of its test. */
export interface WorkerBroker {
  readonly gate: Gate;
  readonly faults: FaultSource;
  /** The attempt of a message that is delivered for the first time. */
  readonly firstAttempt: number;
  /** Runs after a turn of the event loop. The test does not come to rest before. */
  afterTurn(run: () => void): void;
  /** Makes the broker deliver the message once more to the same subscription. */
  duplicate(spec: SubscriptionSpec, delivery: DriverDelivery): void;
}

/** One delivery, from the broker until core has settled it. */
interface Passing {
  readonly inner: DriverDelivery;
  readonly moment: DeliveryMoment;
  /** What core got; absent while it waits at the gate. */
  outer: DriverDelivery | undefined;
  started: boolean;
  /** The worker has lost it: no settle reaches the broker. */
  isLost: boolean;
  fault: DeliveryFault | undefined;
}

/** One worker, between core and the memory broker: its messages wait at the gate, and go wrong on demand. */
export class TestWorker implements DeliverySink, GatedWorker {
  readonly topic: string;
  readonly subscription: string;
  /** Opened after this, because the broker may deliver before it has opened. */
  inner: DriverSubscriber | undefined;
  readonly #broker: WorkerBroker;
  readonly #spec: SubscriptionSpec;
  readonly #sink: DeliverySink;
  readonly #waiting: Passing[] = [];
  /** By what the broker gave, until the broker has it back. */
  readonly #passing = new Map<DriverDelivery, Passing>();
  #isPumping = false;

  constructor(broker: WorkerBroker, spec: SubscriptionSpec, sink: DeliverySink) {
    this.#broker = broker;
    this.#spec = spec;
    this.#sink = sink;
    this.topic = spec.topic.name;
    this.subscription = spec.name;
  }

  get waiting(): readonly DeliveryMoment[] {
    return this.#waiting.map(({ moment }) => moment);
  }

  deliver(inner: DriverDelivery): void {
    const { id, attributes, orderingKey } = inner;
    const attempt = inner.attempt - 1 + this.#broker.firstAttempt;
    const { topic, subscription } = this;
    const moment = { topic, subscription, id, attributes, orderingKey, attempt };
    const passing: Passing = { inner, moment, outer: undefined, started: false, isLost: false, fault: undefined };
    this.#passing.set(inner, passing);
    this.#waiting.push(passing);
    this.pump();
  }

  /** The broker takes the delivery away: its lease has expired, or its subscription was deleted. */
  revoke(inner: DriverDelivery): boolean {
    const passing = this.#passing.get(inner);
    this.#passing.delete(inner);
    if (passing?.outer === undefined || passing.isLost) {
      const index = passing === undefined ? -1 : this.#waiting.indexOf(passing);
      if (index >= 0) this.#waiting.splice(index, 1);
      return passing?.started !== true;
    }
    return this.#sink.revoke(passing.outer);
  }

  /** What waits at the gate is lost too. */
  revokeAll(cause?: "seek"): void {
    this.#passing.clear();
    this.#waiting.length = 0;
    this.#sink.revokeAll(cause);
  }

  failing(error: PubSubError): void {
    this.#sink.failing(error);
  }

  receiving(reconnected: boolean): void {
    this.#sink.receiving(reconnected);
  }

  extend(deliveries: readonly DriverDelivery[]): void {
    const held = new Set(deliveries);
    const inner = [...this.#passing.values()].filter(({ outer }) => outer !== undefined && held.has(outer));
    this.inner?.extend(inner.filter(({ isLost }) => !isLost).map((passing) => passing.inner));
  }

  /** Gives core what may pass the gate. */
  pump(): void {
    // A handler that ends at once makes the broker deliver the next message inside this.
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.#waiting.length > 0 && this.#broker.gate.admit(this)) this.#giveNext();
    } finally {
      this.#isPumping = false;
    }
  }

  #giveNext(): void {
    const index = this.#waiting.length === 1 ? 0 : this.#broker.faults.next(this.waiting);
    const [passing] = this.#waiting.splice(index, 1);
    if (passing === undefined) return;
    passing.fault = this.#broker.faults.delivery(passing.moment);
    passing.outer = forwardDelivery(passing.inner, {
      attempt: passing.moment.attempt,
      ack: () => this.#ack(passing),
      retry: (delayMs) => this.#settle(passing, () => passing.inner.owner.retry(passing.inner, delayMs)),
      release: (leaseEnded) => this.#settle(passing, () => passing.inner.owner.release(passing.inner, leaseEnded)),
    });
    this.#sink.deliver(passing.outer);
  }

  /** Core has started an attempt. */
  started(id: string, attempt: number): void {
    for (const passing of this.#passing.values()) {
      if (passing.moment.id !== id || passing.moment.attempt !== attempt || passing.outer === undefined) continue;
      passing.started = true;
      if (passing.fault === "lose-lease") this.#broker.afterTurn(() => this.#loseLease(passing));
    }
  }

  /** The worker dies: what it holds is redelivered when the leases have expired, and what it still does reaches nobody. */
  crash(): void {
    for (const passing of this.#passing.values()) passing.isLost = true;
    this.#waiting.length = 0;
    this.#sink.revokeAll();
  }

  /** The connection ends: what the worker holds is redelivered when there is a connection again. */
  disconnect(error: PubSubError): void {
    this.crash();
    this.#sink.failing(error);
  }

  reconnect(): void {
    this.#sink.receiving(true);
    const lost = [...this.#passing.values()].filter(({ isLost }) => isLost);
    for (const passing of lost) this.#giveBack(passing);
  }

  #ack(passing: Passing): Promise<void> | undefined {
    const { inner, moment, fault } = passing;
    if (passing.isLost) return this.#refuse(moment);
    if (fault === "lose-lease") {
      // The handler was done before the lease could be lost while it ran.
      this.#giveBack(passing);
      return this.#refuse(moment);
    }
    if (fault === "lose-ack") {
      passing.isLost = true;
      if (!this.#spec.topic.exactlyOnce) return undefined;
      const reason = `the acknowledgement of message ${moment.id} was lost, as this test demands`;
      return Promise.reject(new PubSubError("UNAVAILABLE", reason));
    }
    if (fault === "duplicate") this.#broker.duplicate(this.#spec, inner);
    return this.#settle(passing, () => inner.owner.ack(inner));
  }

  #settle(passing: Passing, settle: () => Promise<void> | undefined): Promise<void> | undefined {
    if (passing.isLost) return this.#refuse(passing.moment);
    this.#passing.delete(passing.inner);
    return settle();
  }

  #loseLease(passing: Passing): void {
    if (passing.isLost || passing.outer === undefined || !this.#passing.has(passing.inner)) return;
    this.#sink.revoke(passing.outer);
    this.#giveBack(passing);
  }

  #giveBack(passing: Passing): void {
    const { inner, started } = passing;
    passing.isLost = true;
    this.#passing.delete(inner);
    const confirmation = started ? inner.owner.retry(inner, 0) : inner.owner.release(inner, false);
    confirmation?.catch(() => {});
  }

  #refuse({ id }: DeliveryMoment): Promise<void> {
    return Promise.reject(new PubSubError("LEASE_LOST", `message ${id} belongs to another worker`));
  }
}
