import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";
import { startWorkerProcess } from "../../start-worker-process.ts";

const MESSAGES = 3;
/** The block lasts this many leases: it ends in the middle of the second. */
const LEASES = 1.6;

export const blockedLoop: Behaviour = behaviour({
  id: "delivery.blocked-loop",
  rows: [34, 46],
  statements: ["C10", "C35"],
  title:
    "a handler that succeeds after it has blocked its process for longer than its lease counts: no further run, no dead letter",
  tier: "full",
  needs: ["process"],
  requires: outsideThisProcess,
  timeoutMs: 240_000,
  async run(context) {
    const { process } = context.harness;
    check(process !== undefined, "harness.process");
    const ackDeadlineMs = context.shortLeaseMs;
    const stepMs = context.retryStepMs();
    const retryPolicy = { minBackoffMs: stepMs, maxBackoffMs: stepMs, maxRetries: 2, jitter: 0 };
    const { pubsub, topic, subscription } = await context.pair({ ackDeadlineMs, retryPolicy });
    const sent = await context.publish(pubsub, topic, MESSAGES);
    const blockMs = LEASES * ackDeadlineMs;
    const { maxHandlingMs } = subscription;
    const worker = startWorkerProcess({
      ...process(),
      topic: topic.name,
      subscription: { name: subscription.name, options: { ackDeadlineMs, maxHandlingMs, retryPolicy } },
      blockMs,
    });
    try {
      const runs = (): readonly string[] =>
        worker.said.flatMap((one) => (one.type === "success" ? one.id : [])).toSorted();
      const all = sent.map(({ id }) => id).toSorted();
      await context.eventually(
        () => {
          check(worker.ended === undefined, "the worker process to live");
          return new Set(runs()).size === MESSAGES;
        },
        () => `every message to succeed in the worker process, got ${runs().length} runs`,
        MESSAGES * (blockMs + ackDeadlineMs) + context.deliveryMs,
      );
      // A redelivery would happen when a lease ends, and its run would then be reported.
      await context.quiet(Math.max(2 * ackDeadlineMs, context.quietMs));
      equal(runs(), all, "the handler runs");
      equal(await pubsub.deadLetters(subscription).count(), 0, "dead letters");
      worker.close(1000);
      await context.eventually(() => worker.ended !== undefined, "the worker process to end by itself");
      equal(worker.ended, 0, "its exit code");
      const closed = worker.said.find(({ type }) => type === "closed");
      const blockedMs = closed?.type === "closed" ? closed.blockedMs : 0;
      check(context.capabilities.lease === "connection" || blockedMs > 0, "its health to say that it was blocked");
    } finally {
      await worker.kill();
    }
    const later = await context.collect(pubsub, subscription);
    await context.quiet(Math.max(2 * ackDeadlineMs, context.quietMs));
    equal(later.received.length, 0, "what comes to another worker afterwards");
  },
});
