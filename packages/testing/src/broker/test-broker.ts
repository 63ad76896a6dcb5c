import {
  type Driver,
  type DriverContext,
  type DriverDeadLetters,
  type DriverDelivery,
  type DriverPublisher,
  PubSubError,
  type PublishRequest,
  type SubscriptionSpec,
  type TopicSpec,
} from "@anytopic/core/driver";
import type { FaultSource } from "../faults/fault-source.ts";
import { forwardDeadLetters, forwardDriver, forwardPublisher, forwardRequest } from "@anytopic/core/intercept";
import type { Gate } from "./gate.ts";
import { TestWorker, type WorkerBroker } from "./test-worker.ts";

/** Who wants to know what passes. */
export interface BrokerListener {
  /** The broker has stored a message. */
  stored(topic: string, message: PublishRequest): void;
  /** A message was given to a worker, with its body. */
  delivered(topic: string, subscription: string, delivery: DriverDelivery): void;
  /** A publish is confirmed later, in virtual time. */
  confirmedLater(topic: string, id: string): void;
  /** That time has come. */
  confirmedNow(topic: string, id: string): void;
  /** Runs after a turn of the event loop. The test does not come to rest before. */
  afterTurn(run: () => void): void;
}

/** What one test sees of its memory broker, and does to it: a wrapped driver. */
export class TestBroker implements WorkerBroker {
  readonly gate: Gate;
  readonly faults: FaultSource;
  /** The attempt of a message that is delivered for the first time. */
  readonly firstAttempt: number;
  readonly #listener: BrokerListener;
  /** One for each connection. All of them reach the same memory broker. */
  readonly #connections: { readonly driver: Driver; readonly context: DriverContext }[] = [];

  constructor(gate: Gate, faults: FaultSource, firstAttempt: number, listener: BrokerListener) {
    this.gate = gate;
    this.faults = faults;
    this.firstAttempt = firstAttempt;
    this.#listener = listener;
  }

  /** The driver that core gets instead of `driver`. */
  wrap(driver: Driver, context: DriverContext): Driver {
    this.#connections.push({ driver, context });
    return forwardDriver(driver, {
      openPublisher: async (topic) => this.#publisher(topic, await driver.openPublisher(topic), context),
      openSubscriber: async (spec, sink, options) => {
        const listener = this.#listener;
        const worker = new TestWorker(this, spec, {
          deliver(delivery) {
            listener.delivered(spec.topic.name, spec.name, delivery);
            sink.deliver(delivery);
          },
          revoke: (delivery) => sink.revoke(delivery),
          revokeAll: (cause) => sink.revokeAll(cause),
          failing: (error) => sink.failing(error),
          receiving: (reconnected) => sink.receiving(reconnected),
        });
        this.gate.workers.add(worker);
        const inner = await driver.openSubscriber(spec, worker, options);
        worker.inner = inner;
        return {
          extend: (deliveries) => worker.extend(deliveries),
          stop: (timeoutMs) => inner.stop(timeoutMs),
          close: async (timeoutMs) => {
            this.gate.workers.delete(worker);
            await inner.close(timeoutMs);
          },
        };
      },
      openDeadLetters: async (spec) => this.#letters(spec, await driver.openDeadLetters(spec)),
    });
  }

  afterTurn(run: () => void): void {
    this.#listener.afterTurn(run);
  }

  started(topic: string, subscription: string, id: string, attempt: number): void {
    for (const worker of this.gate.workers) {
      if (worker.topic === topic && worker.subscription === subscription) worker.started(id, attempt);
    }
  }

  /** Makes the broker deliver the message once more to the same subscription. */
  duplicate(spec: SubscriptionSpec, { id, body, attributes, orderingKey, publishTimeMs }: DriverDelivery): void {
    const again = async (): Promise<void> => {
      const letters = await this.#connections[0]?.driver.openDeadLetters(spec);
      await letters?.redeliver({ id, body, attributes, orderingKey, publishTimeMs });
    };
    void again();
  }

  disconnect(): void {
    if (!this.gate.isConnected) return;
    this.gate.isConnected = false;
    const error = notConnected();
    for (const { context } of this.#connections) context.status("down", error);
    for (const worker of this.gate.workers) worker.disconnect(error);
  }

  reconnect(): void {
    if (this.gate.isConnected) return;
    this.gate.isConnected = true;
    for (const { context } of this.#connections) context.status("up");
    for (const worker of this.gate.workers) worker.reconnect();
    this.gate.pumpAll();
  }

  #publisher(topic: TopicSpec, publisher: DriverPublisher, { clock }: DriverContext): DriverPublisher {
    const send = (request: PublishRequest): PublishRequest | undefined => {
      const { id, attributes, orderingKey } = request;
      if (!this.gate.isConnected) return rejected(request, notConnected());
      const fault = this.faults.publish({ topic: topic.name, id, attributes, orderingKey });
      if (fault?.kind === "fail" && !fault.stored) return rejected(request, fault.error);
      if (fault?.kind === "late") this.#listener.confirmedLater(topic.name, id);
      return forwardRequest(request, {
        accept: () => {
          this.#listener.stored(topic.name, request);
          if (fault === undefined) request.accept();
          else if (fault.kind === "fail") request.reject(fault.error);
          else clock.setTimer(() => this.#confirm(topic, request), fault.delayMs, true);
        },
      });
    };
    return forwardPublisher(publisher, {
      publish: (batch) => {
        const sent = batch.map(send).filter((request) => request !== undefined);
        if (sent.length > 0) publisher.publish(sent);
      },
    });
  }

  #confirm({ name }: TopicSpec, request: PublishRequest): void {
    this.#listener.confirmedNow(name, request.id);
    request.accept();
  }

  #letters(spec: SubscriptionSpec, letters: DriverDeadLetters): DriverDeadLetters {
    return forwardDeadLetters(letters, {
      store: async (letter) => {
        const { id, attributes, orderingKey } = letter;
        const moment = { topic: spec.topic.name, subscription: spec.name, id, attributes, orderingKey, attempt: 0 };
        const error = this.gate.isConnected ? this.faults.letter(moment) : notConnected();
        if (error !== undefined) throw error;
        await letters.store(letter);
      },
    });
  }
}

function rejected(request: PublishRequest, error: PubSubError): undefined {
  request.reject(error);
}

function notConnected(): PubSubError {
  return new PubSubError("UNAVAILABLE", "the test has disconnected the broker");
}
