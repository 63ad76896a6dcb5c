import type { DriverDelivery } from "@anytopic/core/driver";
import { forwardDelivery, forwardSink, openWrappedSubscriber } from "../intercept.ts";
import { sabotageDriver, sabotageSubscriber, type Saboteur } from "./saboteur.ts";

/** Adapters that ask the broker for too little, or stop asking. */
export const receiving: readonly Saboteur[] = [
  {
    name: "shared-flow-control",
    wrong: "all subscriptions of a connection share one limit of unsettled messages, that of the first",
    killedBy: ["delivery.slow-neighbour"],
    says: "to complete",
    sabotage: sabotageDriver((driver) => {
      const waiting: (() => void)[] = [];
      let limit = 0;
      let unsettled = 0;
      const next = (): void => {
        while (unsettled < limit && waiting.length > 0) {
          unsettled += 1;
          waiting.shift()?.();
        }
      };
      const counted = <Result>(settle: () => Result): Result => {
        unsettled -= 1;
        setImmediate(next);
        return settle();
      };
      return {
        openSubscriber(subscription, sink, options) {
          if (limit === 0) limit = options.maxOutstanding;
          return openWrappedSubscriber(driver, subscription, sink, options, {
            wrap: (delivery) =>
              forwardDelivery(delivery, {
                ack: () => counted(() => delivery.owner.ack(delivery)),
                retry: (delayMs) => counted(() => delivery.owner.retry(delivery, delayMs)),
                release: (leaseEnded) => counted(() => delivery.owner.release(delivery, leaseEnded)),
              }),
            deliver(delivery, theirs) {
              waiting.push(() => theirs.deliver(delivery));
              next();
            },
          });
        },
      };
    }),
  },
  {
    name: "stopped-for-good",
    wrong:
      "after one worker of a subscription has stopped, its connection delivers nothing of that subscription any more",
    killedBy: ["control.pause-handlers", "control.pause"],
    says: "to complete",
    sabotage: sabotageDriver((driver) => {
      const stopped = new Set<string>();
      return {
        openSubscriber(subscription, sink, options) {
          const path = `${subscription.topic.physicalName}/${subscription.physicalName}`;
          return openWrappedSubscriber(driver, subscription, sink, options, {
            deliver(delivery, theirs) {
              if (!stopped.has(path)) theirs.deliver(delivery);
            },
            stop(inner, timeoutMs) {
              stopped.add(path);
              return inner.stop(timeoutMs);
            },
          });
        },
      };
    }),
  },
  {
    name: "waiting-spends-attempts",
    wrong: "the lease of a message that waits in its worker is not renewed, and its end counts as a failed attempt",
    killedBy: ["control.rate", "control.circuit", "control.circuit-ordered"],
    says: "no attempt to be spent",
    sabotage: sabotageDriver((driver) => ({
      openSubscriber(subscription, sink, options) {
        const revoke = (delivery: DriverDelivery): boolean => {
          sink.revoke(delivery);
          return false;
        };
        const counting = forwardSink(sink, { revoke });
        return openWrappedSubscriber(driver, subscription, counting, options, { extend: () => undefined });
      },
    })),
  },
  {
    name: "idle-timeout",
    wrong: "a worker that got nothing for five seconds gets nothing any more",
    killedBy: ["life.idle"],
    says: "to complete",
    sabotage: sabotageSubscriber(() => {
      let lastMs = Infinity;
      return {
        deliver(delivery, sink) {
          if (performance.now() - lastMs > 5000) return;
          lastMs = performance.now();
          sink.deliver(delivery);
        },
      };
    }),
  },
];
