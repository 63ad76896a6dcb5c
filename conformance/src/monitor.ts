/**
 * Sits between core and a driver while a behaviour runs, and checks that both sides keep the promises of
 * `core/src/driver.ts`. A broken promise fails the behaviour, whatever the behaviour is about.
 */
import type { Capabilities } from "@anytopic/core";
import { PubSubError, type Adapter, type DeliverySink, type Driver, type DriverDelivery } from "@anytopic/core/driver";
import {
  forwardDelivery,
  forwardDriver,
  forwardPublisher,
  forwardRequest,
  forwardSink,
  intercept,
  openWrappedSubscriber,
} from "./intercept.ts";

/** What passed between core and the driver, for behaviours about limits. */
export interface Traffic {
  /** `plan`, `apply` and `destroy` calls so far. */
  adminCalls: number;
  /** Requests passed to the driver so far. */
  publishRequests: number;
  /** Pending requests: now, and the most so far. */
  publishing: number;
  mostPublishing: number;
  /** Deliveries that core holds now, of all subscribers, and the most so far of one subscriber. */
  outstanding: number;
  mostOutstanding: number;
  /** The limit that core asked for last. */
  maxOutstanding: number;
  /** How often each kind of settle was called so far. */
  readonly settles: { ack: number; retry: number; release: number };
  /** Errors of settles that the broker refused. */
  readonly refusedSettles: PubSubError[];
}

export class Monitor {
  readonly #violations = new Set<string>();
  readonly traffic: Traffic = {
    adminCalls: 0,
    publishRequests: 0,
    publishing: 0,
    mostPublishing: 0,
    outstanding: 0,
    mostOutstanding: 0,
    maxOutstanding: 0,
    settles: { ack: 0, retry: 0, release: 0 },
    refusedSettles: [],
  };

  get violations(): readonly string[] {
    return [...this.#violations];
  }

  watch(adapter: Adapter): Adapter {
    return intercept(adapter, (driver) => this.#watchDriver(driver, adapter.capabilities));
  }

  #broken(what: string): void {
    this.#violations.add(`driver contract: ${what}`);
  }

  #watchDriver(driver: Driver, capabilities: Capabilities): Driver {
    const admin = <Result>(call: () => Promise<Result>): Promise<Result> => {
      this.traffic.adminCalls += 1;
      return this.#typed("an admin call", call());
    };
    return forwardDriver(driver, {
      plan: (topology, signal) => admin(() => driver.plan(topology, signal)),
      apply: (topology, options) => admin(() => driver.apply(topology, options)),
      destroy: (topology) => admin(() => driver.destroy(topology)),
      openPublisher: async (topic) =>
        this.#watchPublisher(await this.#typed("openPublisher", driver.openPublisher(topic)), capabilities),
      openSubscriber: (subscription, sink, options) =>
        this.#typed("openSubscriber", this.#openSubscriber(driver, subscription, sink, options)),
    });
  }

  #watchPublisher(
    publisher: Awaited<ReturnType<Driver["openPublisher"]>>,
    capabilities: Capabilities,
  ): typeof publisher {
    const { traffic } = this;
    let underWay = 0;
    const settle = (done: { value: boolean }, how: string): void => {
      if (done.value) this.#broken(`a publish request was answered twice (${how})`);
      else {
        underWay -= 1;
        traffic.publishing -= 1;
      }
      done.value = true;
    };
    return forwardPublisher(publisher, {
      publish: (batch) => {
        if (batch.length < 1 || batch.length > capabilities.publishBatch.maxMessages) {
          this.#broken(`core handed over a batch of ${batch.length}`);
        }
        const keys = batch.flatMap(({ orderingKey }) => orderingKey ?? []);
        if (new Set(keys).size < keys.length) this.#broken("core handed over two messages of one key in a batch");
        traffic.publishRequests += batch.length;
        underWay += batch.length;
        traffic.publishing += batch.length;
        traffic.mostPublishing = Math.max(traffic.mostPublishing, traffic.publishing);
        const watched = batch.map((request) => {
          const done = { value: false };
          return forwardRequest(request, {
            accept() {
              settle(done, "accept");
              request.accept();
            },
            reject: (error) => {
              settle(done, "reject");
              if (!(error instanceof PubSubError))
                this.#broken("a publish was rejected with something that is not a PubSubError");
              request.reject(error);
            },
          });
        });
        try {
          publisher.publish(watched);
        } catch (error) {
          this.#broken(`publish threw ${String(error)}`);
          throw error;
        }
      },
      close: async (timeoutMs) => {
        await publisher.close(timeoutMs);
        traffic.publishing -= underWay;
        underWay = 0;
      },
    });
  }

  async #openSubscriber(
    driver: Driver,
    subscription: Parameters<Driver["openSubscriber"]>[0],
    sink: DeliverySink,
    options: Parameters<Driver["openSubscriber"]>[2],
  ): ReturnType<Driver["openSubscriber"]> {
    const { traffic } = this;
    const held = new Set<DriverDelivery>();
    let stopped = false;
    let closed = false;
    traffic.maxOutstanding = options.maxOutstanding;
    const drop = (delivery: DriverDelivery): boolean => {
      if (!held.delete(delivery)) return false;
      traffic.outstanding -= 1;
      return true;
    };
    const settle = (
      kind: "ack" | "retry" | "release",
      delivery: DriverDelivery,
      call: () => Promise<void> | undefined,
    ) => {
      if (closed) this.#broken(`core settled a delivery after the subscriber was closed (${kind})`);
      // After a delivery was revoked, core may still report a success, once.
      const isLate = kind === "ack" && revoked.delete(delivery);
      if (!drop(delivery) && !isLate) this.#broken(`core settled a delivery twice or after it was revoked (${kind})`);
      traffic.settles[kind] += 1;
      return this.#watchSettle(kind, call, kind === "ack" && subscription.topic.exactlyOnce);
    };
    const revoked = new WeakSet<DriverDelivery>();
    const watchedSink = forwardSink(sink, {
      revoke(delivery) {
        revoked.add(delivery);
        drop(delivery);
        return sink.revoke(delivery);
      },
      revokeAll(cause) {
        for (const delivery of held) {
          revoked.add(delivery);
          drop(delivery);
        }
        sink.revokeAll(cause);
      },
    });
    return openWrappedSubscriber(driver, subscription, watchedSink, options, {
      wrap: (delivery) => {
        this.#inspect(delivery);
        if (stopped) this.#broken("a delivery came after stop() had resolved");
        const { owner } = delivery;
        const seen: DriverDelivery = forwardDelivery(delivery, {
          ack: () => settle("ack", seen, () => owner.ack(delivery)),
          retry: (delayMs) => settle("retry", seen, () => owner.retry(delivery, delayMs)),
          release: (leaseEnded) => settle("release", seen, () => owner.release(delivery, leaseEnded)),
        });
        held.add(seen);
        traffic.outstanding += 1;
        traffic.mostOutstanding = Math.max(traffic.mostOutstanding, held.size);
        if (held.size > options.maxOutstanding)
          this.#broken(`more than maxOutstanding (${options.maxOutstanding}) deliveries unsettled`);
        return seen;
      },
      stop: async (inner, timeoutMs) => {
        await inner.stop(timeoutMs);
        stopped = true;
      },
      close: async (inner, timeoutMs) => {
        await inner.close(timeoutMs);
        closed = true;
      },
    });
  }

  #watchSettle(kind: string, call: () => Promise<void> | undefined, confirmed: boolean): Promise<void> | undefined {
    let result: Promise<void> | undefined;
    try {
      result = call();
    } catch (error) {
      this.#broken(`${kind} threw ${String(error)}`);
      throw error;
    }
    if (result === undefined) {
      if (confirmed) this.#broken("an ack on an exactly-once subscription returned no promise");
      return undefined;
    }
    return this.#typed(kind, result).catch((error: unknown) => {
      if (error instanceof PubSubError) this.traffic.refusedSettles.push(error);
      throw error;
    });
  }

  #inspect(delivery: DriverDelivery): void {
    if (typeof delivery.id !== "string" || delivery.id === "") this.#broken("a delivery has no id");
    if (!(delivery.body instanceof Uint8Array)) this.#broken("a delivery's body is not a Uint8Array");
    if (Object.getPrototypeOf(delivery.attributes) !== null) this.#broken("a delivery's attributes have a prototype");
    if (!Number.isSafeInteger(delivery.attempt) || delivery.attempt < 1) this.#broken(`attempt is ${delivery.attempt}`);
    if (!Number.isFinite(delivery.publishTimeMs)) this.#broken(`publishTimeMs is ${delivery.publishTimeMs}`);
    if (delivery.orderingKey === "") this.#broken("a delivery has an empty ordering key");
  }

  /** Notes a rejection that is not a PubSubError; an abort's own reason is the caller's. */
  async #typed<Result>(what: string, promise: Promise<Result>): Promise<Result> {
    try {
      return await promise;
    } catch (error) {
      const aborted = error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
      if (!(error instanceof PubSubError) && !aborted)
        this.#broken(`${what} rejected with ${String(error)}, which is not a PubSubError`);
      throw error;
    }
  }
}
