import type { DriverDelivery } from "@anytopic/core/driver";
import { forwardDelivery } from "../intercept.ts";
import { sabotageDelivery, sabotageSubscriber, type Saboteur } from "./saboteur.ts";

export const settling: readonly Saboteur[] = [
  {
    name: "drop-on-error",
    wrong: "a failed message is acknowledged, and so lost",
    killedBy: ["delivery.retry", "delivery.handler-outcomes", "ordering.across-retries", "batches.all-fail"],
    sabotage: sabotageDelivery((delivery) => forwardDelivery(delivery, { retry: () => delivery.owner.ack(delivery) })),
  },
  {
    name: "ack-all-before",
    wrong: "an acknowledgement is also one of all earlier deliveries of its worker, as with AMQP's flag `multiple`",
    killedBy: ["batches.outcomes"],
    sabotage: sabotageSubscriber(() => {
      const open = new Set<DriverDelivery>();
      return {
        wrap(delivery) {
          open.add(delivery);
          const { owner } = delivery;
          const once = (settle: () => Promise<void> | undefined): Promise<void> | undefined =>
            open.delete(delivery) ? settle() : Promise.resolve();
          return forwardDelivery(delivery, {
            ack() {
              for (const earlier of open) {
                if (earlier === delivery) break;
                open.delete(earlier);
                void earlier.owner.ack(earlier);
              }
              return once(() => owner.ack(delivery));
            },
            retry: (delayMs) => once(() => owner.retry(delivery, delayMs)),
            release: (leaseEnded) => once(() => owner.release(delivery, leaseEnded)),
          });
        },
      };
    }),
  },
  {
    name: "ack-does-nothing",
    wrong: "an acknowledgement never reaches the broker",
    killedBy: ["delivery.ack-durable"],
    sabotage: sabotageDelivery((delivery) => forwardDelivery(delivery, { ack: () => Promise.resolve() })),
  },
  {
    name: "retry-does-nothing",
    wrong: "a failed message waits until its lease expires instead of its delay",
    killedBy: ["delivery.retry", "retry.retry-after"],
    sabotage: sabotageDelivery((delivery) => forwardDelivery(delivery, { retry: () => Promise.resolve() })),
  },
  {
    name: "ignore-delay",
    wrong: "a failed message is redelivered at once, whatever its delay",
    killedBy: ["retry.retry-after", "retry.curve", "delivery.pull-settles"],
    sabotage: sabotageDelivery((delivery) =>
      forwardDelivery(delivery, { retry: () => delivery.owner.retry(delivery, 0) }),
    ),
  },
  {
    name: "late-retry",
    wrong: "retries are two seconds later than requested",
    killedBy: ["retry.curve", "retry.retry-after"],
    sabotage: sabotageDelivery((delivery) =>
      forwardDelivery(delivery, { retry: (delayMs) => delivery.owner.retry(delivery, delayMs + 2000) }),
    ),
  },
  {
    name: "release-spends-attempts",
    wrong: "a message that was never started counts as failed when it is released",
    killedBy: ["shutdown.prefetched", "delivery.pull-settles", "batches.close", "drain.max-messages", "control.pause"],
    sabotage: sabotageDelivery((delivery) =>
      forwardDelivery(delivery, { release: () => delivery.owner.retry(delivery, 0) }),
    ),
  },
  {
    name: "lose-on-close",
    wrong: "messages that were fetched and not started are acknowledged on close",
    killedBy: [
      "shutdown.prefetched",
      "delivery.after-close",
      "delivery.settle-twice",
      "batches.close",
      "drain.max-messages",
    ],
    sabotage: sabotageDelivery((delivery) =>
      forwardDelivery(delivery, { release: () => delivery.owner.ack(delivery) }),
    ),
  },
  {
    name: "keep-on-close",
    wrong: "messages that were fetched and not started stay with the closed worker until their leases expire",
    killedBy: ["shutdown.prefetched", "delivery.settle-twice", "shutdown.unread", "batches.close", "control.pause"],
    sabotage: sabotageDelivery((delivery) => forwardDelivery(delivery, { release: () => Promise.resolve() })),
  },
  {
    name: "slow-return",
    wrong: "messages that a closing worker releases are redelivered only after 20 s",
    killedBy: ["exactly-once.given-up", "shutdown.prefetched"],
    sabotage: sabotageDelivery((delivery) =>
      forwardDelivery(delivery, { release: () => delivery.owner.retry(delivery, 20_000) }),
    ),
  },
  {
    name: "lose-late-acks",
    wrong: "acknowledgements that are sent close together while the worker closes are lost",
    killedBy: ["shutdown.ack-burst"],
    sabotage: sabotageSubscriber(() => {
      let late = Number.NEGATIVE_INFINITY;
      return {
        wrap: (delivery) =>
          forwardDelivery(delivery, { ack: () => (++late > 30 ? Promise.resolve() : delivery.owner.ack(delivery)) }),
        stop(inner, timeoutMs) {
          late = 0;
          return inner.stop(timeoutMs);
        },
      };
    }),
  },
  {
    name: "unconfirmed-ack",
    wrong: "on exactly-once topics an ack is fire and forget",
    killedBy: ["exactly-once.unconfirmed-acks", "exactly-once.failed-attempts", "filters.exactly-once"],
    sabotage: sabotageDelivery((delivery) =>
      forwardDelivery(delivery, { ack: () => void delivery.owner.ack(delivery) }),
    ),
  },
  {
    name: "stale-ack",
    wrong: "an acknowledgement settles a different message than its own",
    killedBy: ["delivery.settle-twice"],
    sabotage: sabotageSubscriber(() => {
      const held: DriverDelivery[] = [];
      return {
        wrap(delivery) {
          held.push(delivery);
          return forwardDelivery(delivery, {
            ack() {
              const another = held.pop() ?? delivery;
              return another.owner.ack(another);
            },
          });
        },
      };
    }),
  },
  {
    name: "ack-before-handling",
    wrong: "messages are acknowledged when they are delivered",
    killedBy: ["delivery.retry", "delivery.dead-worker", "shutdown.prefetched"],
    sabotage: sabotageDelivery((delivery) => {
      void delivery.owner.ack(delivery)?.catch(() => undefined);
      return forwardDelivery(delivery, { ack: () => Promise.resolve() });
    }),
  },
  {
    name: "acks-lost-after-stop",
    wrong: "acknowledgements that are sent after intake was stopped are lost",
    killedBy: ["shutdown.in-flight", "shutdown.from-handler", "control.pause-handlers"],
    says: "redelivered messages of the five",
    sabotage: sabotageSubscriber(() => {
      let stopped = false;
      return {
        wrap: (delivery) =>
          forwardDelivery(delivery, {
            ack: () => (stopped ? Promise.resolve() : delivery.owner.ack(delivery)),
          }),
        stop(inner, timeoutMs) {
          stopped = true;
          return inner.stop(timeoutMs);
        },
      };
    }),
  },
  {
    name: "keep-everything-on-close",
    wrong: "a worker that closes gives nothing back, so that its messages wait until their leases expire",
    killedBy: ["shutdown.deadline"],
    says: "to complete",
    sabotage: sabotageSubscriber(() => ({
      wrap: (delivery) => forwardDelivery(delivery, { release: () => Promise.resolve() }),
      close: () => Promise.resolve(),
    })),
  },
  {
    name: "brokers-own-limit",
    wrong: "the broker's own limit of twenty deliveries removes messages that core would still retry",
    killedBy: ["delivery.failure-storm"],
    says: "to complete",
    sabotage: sabotageDelivery((delivery) =>
      forwardDelivery(delivery, {
        retry: (delayMs) =>
          delivery.attempt >= 20 ? delivery.owner.ack(delivery) : delivery.owner.retry(delivery, delayMs),
      }),
    ),
  },
  {
    name: "drop-when-late",
    wrong: "a message whose handler took longer than one lease is acknowledged when it fails",
    killedBy: ["delivery.handling-timeout"],
    says: "a second attempt of the message that hangs",
    sabotage: sabotageSubscriber(({ ackDeadlineMs }) => ({
      wrap(delivery) {
        const startMs = performance.now();
        return forwardDelivery(delivery, {
          retry: (delayMs) =>
            performance.now() - startMs > ackDeadlineMs - 100
              ? delivery.owner.ack(delivery)
              : delivery.owner.retry(delivery, delayMs),
        });
      },
    })),
  },
];
