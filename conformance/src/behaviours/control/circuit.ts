import type { Topic } from "@anytopic/core";
import { behaviour, ordered, type Behaviour } from "../../behaviour.ts";
import type { Context } from "../../context.ts";
import { equal } from "../../expect.ts";
import type { Item } from "../../item.ts";

const FAILURES = 3;
const OPENINGS = 3;
const MESSAGES = 12;

/**
 * A dependency is down for longer than the retries of a message would last. Only the attempts that open the circuit, and one probe
 * for each further opening, are spent.
 */
async function runThroughAnOutage(context: Context, topic: Topic<Item>): Promise<void> {
  const pubsub = await context.open();
  const openMs = 1.5 * context.shortLeaseMs;
  const subscription = context.subscription(topic, {
    ackDeadlineMs: context.shortLeaseMs,
    retryPolicy: { maxRetries: 2 },
    circuit: { failures: FAILURES, openMs, maxOpenMs: openMs },
  });
  await pubsub.apply([subscription]);
  let up = false;
  const collector = await context.collect(pubsub, subscription, {
    maxConcurrency: 1,
    handle() {
      if (!up) throw new Error("the dependency is down");
    },
  });
  const sent = await context.publish(pubsub, topic, MESSAGES, { key: (index) => `key-${index % (MESSAGES / 2)}` });
  const changes = (): string[] =>
    context.log.observed("circuit").flatMap((event) => (event.topic === topic.name ? [event.state] : []));
  const openings = (): number => changes().filter((state) => state === "open").length;
  await context.eventually(() => openings() === 1, "the circuit to open");
  equal(pubsub.health().status, "degraded", "health().status while the circuit is open");
  await context.eventually(
    () => openings() === OPENINGS,
    "failed probes to open the circuit again",
    3 * openMs + context.deliveryMs,
  );
  const failed = collector.received.length;
  up = true;
  await collector.completes(
    sent.map(({ id }) => id),
    openMs + context.deliveryMs,
  );
  await context.quiet();

  equal(failed, FAILURES + OPENINGS - 1, "attempts that were spent during the outage");
  equal(
    changes(),
    ["open", ...Array.from({ length: OPENINGS - 1 }, () => ["half-open", "open"]).flat(), "half-open", "closed"],
    "what became of the circuit",
  );
  equal(pubsub.health().status, "up", "health().status afterwards");
  equal(context.log.observed("dead-letter").length, 0, "dead letters");
  const spent = collector.completed.filter(
    ({ id, attempt }) => attempt > 1 + collector.runsOf(id).filter(({ outcome }) => outcome === "failed").length,
  );
  // Some brokers count an attempt of what waits behind a failed message of its key.
  if (topic.orderingKey === undefined || context.capabilities.attempts === "exact") {
    equal(spent.length, 0, "messages with an attempt that they did not have");
  }
  if (topic.orderingKey !== undefined) context.assertKeyOrder(subscription);
}

export const circuit: Behaviour = behaviour({
  id: "control.circuit",
  rows: [9, 19],
  statements: ["C42"],
  title:
    "while its circuit is open a worker starts nothing and spends no attempt; one probe at a time finds the end of the outage",
  tier: "full",
  timeoutMs: 240_000,
  run: (context) => runThroughAnOutage(context, context.topic()),
});

export const circuitOrdered: Behaviour = behaviour({
  id: "control.circuit-ordered",
  rows: [8, 19],
  statements: ["C20", "C42"],
  title: "a circuit does the same on an ordered subscription, and order per key holds through the outage",
  tier: "full",
  timeoutMs: 240_000,
  requires: ordered,
  run: (context) => runThroughAnOutage(context, context.orderedTopic()),
});
