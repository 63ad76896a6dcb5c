import { EventEmitter } from "node:events";
import { type DriverDelivery, type PublishRequest, PubSubError } from "@anytopic/core/driver";
import { forwardDelivery, forwardPublisher, forwardRequest, forwardSink, openWrappedSubscriber } from "../intercept.ts";
import { delivering } from "./delivering.ts";
import { sabotageDriver, type Saboteur } from "./saboteur.ts";
import { sabotageOnLine } from "./watched-line.ts";

/** How long an impatient client waits for an answer. */
const IMPATIENCE_MS = 200;

function sabotageOf(name: string): Saboteur["sabotage"] {
  const found = delivering.find((one) => one.name === name);
  if (found === undefined) throw new TypeError(`no saboteur is named ${name}`);
  return found.sabotage;
}

/** Adapters that are wrong when a connection is lost or slow, or a broker dies. */
export const disconnecting: readonly Saboteur[] = [
  {
    name: "connect-error-unknown",
    wrong: "that the broker cannot be reached is an UNKNOWN error",
    killedBy: ["faults.close-while-disconnected"],
    says: "connecting over a line that is cut to reject with UNAVAILABLE, got UNKNOWN",
    sabotage: (adapter) => ({
      name: adapter.name,
      capabilities: adapter.capabilities,
      async open(context, signal) {
        try {
          return await adapter.open(context, signal);
        } catch (cause) {
          throw new PubSubError("UNKNOWN", "connecting failed", { cause });
        }
      },
    }),
  },
  {
    name: "accept-what-was-lost",
    wrong: "publishes that were under way when the connection was lost are reported as accepted",
    killedBy: ["faults.cut", "faults.restart-under-load"],
    says: "while the line is cut, got accepted",
    sabotage: sabotageDriver((driver) => ({
      openPublisher: async (topic) => {
        const publisher = await driver.openPublisher(topic);
        return forwardPublisher(publisher, {
          publish: (batch) =>
            publisher.publish(batch.map((request) => forwardRequest(request, { reject: () => request.accept() }))),
        });
      },
    })),
  },
  {
    name: "accept-when-written",
    wrong: "a publish is accepted when it is written to the socket",
    killedBy: ["faults.half-open"],
    says: "TIMEOUT or UNAVAILABLE, got accepted",
    sabotage: sabotageDriver((driver) => ({
      openPublisher: async (topic) => {
        const publisher = await driver.openPublisher(topic);
        return forwardPublisher(publisher, {
          publish(batch) {
            publisher.publish(batch.map(silent));
            for (const request of batch) request.accept();
          },
        });
      },
    })),
  },
  {
    name: "accept-into-memory",
    wrong: "publishes are accepted before they are stored, and those of the last second are lost with the connection",
    killedBy: ["faults.accepted-survives"],
    says: "to complete",
    sabotage: sabotageOnLine((driver, line) => ({
      openPublisher: async (topic) => {
        const publisher = await driver.openPublisher(topic);
        return forwardPublisher(publisher, {
          publish(batch) {
            const { losses } = line;
            for (const request of batch) request.accept();
            setTimeout(() => {
              if (line.losses === losses) publisher.publish(batch.map(silent));
            }, 1000);
          },
        });
      },
    })),
  },
  {
    name: "attempts-of-connection",
    wrong: "attempts are counted anew after every reconnect",
    killedBy: ["faults.attempts-across-restart"],
    says: "attempt 2 or later after the restart, got 1",
    sabotage: sabotageOnLine((driver, line) => ({
      openSubscriber(subscription, sink, options) {
        const counts = new Map<string, number>();
        line.onLoss(() => counts.clear());
        return openWrappedSubscriber(driver, subscription, sink, options, {
          wrap(delivery) {
            const attempt = (counts.get(delivery.id) ?? 0) + 1;
            counts.set(delivery.id, attempt);
            return forwardDelivery(delivery, { attempt });
          },
        });
      },
    })),
  },
  {
    name: "attempts-of-worker",
    wrong: "attempts with an ordering key are counted in the worker's memory",
    killedBy: ["faults.ordered-attempts", "faults.ordered-attempts-in-hand"],
    says: "attempt 4 or later at the heir, got 1",
    sabotage: sabotageOf("attempts-per-process"),
  },
  {
    name: "forget-waiting-retries",
    wrong: "a message that waits for its retry when the connection is lost is never delivered again",
    killedBy: ["faults.restart-with-waiting-retries"],
    says: "to complete",
    sabotage: sabotageOnLine((driver, line) => ({
      openSubscriber(subscription, sink, options) {
        const waiting = new Set<string>();
        const forgotten = new Set<string>();
        line.onLoss(() => waiting.forEach((id) => forgotten.add(id)));
        return openWrappedSubscriber(driver, subscription, sink, options, {
          wrap: (delivery) =>
            forwardDelivery(delivery, {
              retry(delayMs) {
                waiting.add(delivery.id);
                return delivery.owner.retry(delivery, delayMs);
              },
            }),
          deliver(delivery, theirs) {
            waiting.delete(delivery.id);
            if (!forgotten.has(delivery.id)) theirs.deliver(delivery);
          },
        });
      },
    })),
  },
  {
    name: "leave-connection",
    wrong: "closing does not end the connection to the broker",
    killedBy: ["faults.close-half-open", "faults.close-frozen"],
    says: "the process to end by itself",
    sabotage: sabotageDriver(() => ({ close: () => Promise.resolve() })),
  },
  {
    name: "new-id-after-reconnect",
    wrong: "what is redelivered after a reconnect has another id, so that nobody recognises it",
    killedBy: ["faults.exactly-once-cut"],
    says: "what was completed to match",
    sabotage: sabotageOnLine((driver, line) => ({
      openSubscriber(subscription, sink, options) {
        const done = new Set<string>();
        return openWrappedSubscriber(driver, subscription, sink, options, {
          wrap: (delivery) =>
            forwardDelivery(delivery, {
              ...(done.has(delivery.id) ? { id: `${delivery.id}-${line.losses}` } : {}),
              // The ack of the last moment before a loss does not reach the broker.
              ack() {
                done.add(delivery.id);
                return line.losses === 0 ? delivery.owner.retry(delivery, 0) : delivery.owner.ack(delivery);
              },
            }),
        });
      },
    })),
  },
  {
    name: "forget-without-release",
    wrong: "what a worker holds when the connection is lost is given up, though its leases at the broker go on",
    killedBy: ["faults.exactly-once-claims"],
    says: "to complete",
    sabotage: sabotageOnLine((driver, line) => ({
      openSubscriber(subscription, sink, options) {
        line.onLoss(() => sink.revokeAll());
        return driver.openSubscriber(subscription, sink, options);
      },
    })),
  },
  {
    name: "reorder-over-lost-connections",
    wrong: "two messages that arrive together are delivered in reverse, whatever their key",
    killedBy: ["faults.ordered-cut"],
    says: "order: key",
    sabotage: sabotageOf("reorder"),
  },
  {
    name: "pile-up-listeners",
    wrong: "every reconnect adds a listener, and none is removed",
    killedBy: ["faults.reconnects"],
    says: "warnings about listeners",
    sabotage: sabotageOnLine((_driver, line) => {
      const socket = new EventEmitter();
      line.onLoss(() => void socket.on("drain", () => undefined));
      return {};
    }),
  },
  {
    name: "impatient",
    wrong: "a publish without an answer within 200 ms is taken for lost",
    killedBy: ["faults.slow-line"],
    says: "no answer within 200 ms",
    sabotage: sabotageDriver((driver) => ({
      openPublisher: async (topic) => {
        const publisher = await driver.openPublisher(topic);
        return forwardPublisher(publisher, { publish: (batch) => publisher.publish(batch.map(impatient)) });
      },
    })),
  },
  {
    name: "ack-into-lost-connection",
    wrong: "an acknowledgement of a delivery from before a reconnect is reported as done, and is not sent",
    killedBy: ["faults.stale-settle"],
    says: "later runs of a message whose ack was said to have settled it",
    sabotage: sabotageOnLine((driver, line) => ({
      openSubscriber: (subscription, sink, options) =>
        openWrappedSubscriber(driver, subscription, sink, options, {
          wrap(delivery) {
            const { losses } = line;
            return forwardDelivery(delivery, {
              ack: () => (line.losses === losses ? delivery.owner.ack(delivery) : Promise.resolve()),
            });
          },
        }),
    })),
  },
  {
    name: "lost-for-ever",
    wrong: "a worker that once lost its connection never reports that it receives again",
    killedBy: ["faults.standby-recovers"],
    says: "to say up and receiving",
    sabotage: sabotageOnLine((driver, line) => ({
      openSubscriber(subscription, sink, options) {
        line.onLoss(() => sink.failing(new PubSubError("UNAVAILABLE", "the connection was lost")));
        const receiving: typeof sink.receiving = (again) => (line.losses > 0 ? undefined : sink.receiving(again));
        return driver.openSubscriber(subscription, forwardSink(sink, { receiving }), options);
      },
    })),
  },
  {
    name: "refuse-in-outage",
    wrong: "a worker that is opened while the connection is lost fails instead of waiting",
    killedBy: ["faults.subscribe-in-outage", "faults.pause-in-outage"],
    says: "the state of subscribe while the line is cut",
    sabotage: sabotageOnLine((driver, line) => ({
      openSubscriber: async (subscription, sink, options) => {
        if (!line.isUp) throw new PubSubError("UNAVAILABLE", "not connected");
        return await driver.openSubscriber(subscription, sink, options);
      },
    })),
  },
  {
    name: "drop-late-acks",
    wrong: "an acknowledgement after the lease is not sent, because the broker could refuse it",
    killedBy: ["delivery.blocked-loop"],
    says: "every message to succeed in the worker process",
    sabotage: sabotageDriver((driver) => ({
      async openSubscriber(subscription, sink, options) {
        const ends = new WeakMap<DriverDelivery, number>();
        const renew = (delivery: DriverDelivery): unknown =>
          ends.set(delivery, performance.now() + subscription.ackDeadlineMs);
        return await openWrappedSubscriber(driver, subscription, sink, options, {
          wrap(delivery) {
            renew(delivery);
            return forwardDelivery(delivery, {
              ack: () =>
                performance.now() < (ends.get(delivery) ?? 0) ? delivery.owner.ack(delivery) : Promise.resolve(),
            });
          },
          extend(deliveries, inner) {
            deliveries.forEach(renew);
            inner.extend(deliveries);
          },
        });
      },
    })),
  },
];

/** The same request, whose answer reaches nobody. */
function silent(request: PublishRequest): PublishRequest {
  return forwardRequest(request, { awaited: true, accept: () => undefined, reject: () => undefined });
}

function impatient(request: PublishRequest): PublishRequest {
  let over = false;
  const once = (answer: () => void): void => {
    clearTimeout(timer);
    if (!over) answer();
    over = true;
  };
  const late = new PubSubError("UNAVAILABLE", `no answer within ${IMPATIENCE_MS} ms`);
  const timer = setTimeout(() => once(() => request.reject(late)), IMPATIENCE_MS);
  return forwardRequest(request, {
    accept: () => once(() => request.accept()),
    reject: (error) => once(() => request.reject(error)),
  });
}
