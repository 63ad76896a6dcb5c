import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, rejects, within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

export const handlersPublish: Behaviour = behaviour({
  id: "shutdown.handlers-publish",
  rows: [36],
  statements: ["C23", "C32"],
  title: "while close waits for handlers they publish, to topics new to them too; then publishing is closed",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const other = context.topic();
    const results = context.subscription(other);
    await pubsub.apply([other, results]);
    let free = false;
    const outcomes: PromiseSettledResult<unknown>[] = [];
    const collector = await context.collect(pubsub, subscription, {
      async handle() {
        await context.eventually(() => free, "permission to continue");
        const publishes = [topic, other].map((one) => context.publishItem(pubsub, one, context.item("from-handler")));
        outcomes.push(...(await Promise.allSettled(publishes)));
      },
    });
    await context.publish(pubsub, topic, 3);
    await collector.starts(3);

    const closing = pubsub.close();
    // Intake has stopped: the broker was told to send no more messages.
    await context.eventually(() => collector.worker.health().state === "closing", "the worker to close");
    await context.quiet();
    free = true;
    await context.within(closing, "close to resolve once the handlers have ended");

    equal(collector.completed.length, 3, "completed handlers");
    equal(
      outcomes.map(({ status }) => status),
      Array.from({ length: 6 }, () => "fulfilled"),
      "what became of the handlers' publishes",
    );
    const heirs = await context.open();
    const later = await context.collect(heirs, results);
    await context.eventually(() => later.completed.length === 3, "what the handlers published to arrive");
    await rejects(pubsub.publish(topic, context.item()), "CLOSED", "a publish after close");
    await context.collect(heirs, subscription);
  },
});

export const fromHandler: Behaviour = behaviour({
  id: "shutdown.from-handler",
  rows: [36, 45],
  statements: ["C23", "C25"],
  title: "a handler may close its own worker or connection: close does not wait for its caller, whose message counts",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    let waitedMs = Number.POSITIVE_INFINITY;
    const collector = await context.collect(pubsub, subscription, {
      async handle() {
        const startMs = monotonicMs();
        // In the synchronous part of the handler: every version of Node recognises that.
        await pubsub.close({ timeoutMs: 20_000 });
        waitedMs = monotonicMs() - startMs;
      },
    });
    const startMs = monotonicMs();
    const [sent] = await context.publish(pubsub, topic, 1);
    await collector.completes([sent?.id ?? ""]);
    await context.within(collector.worker.closed, "the worker to be closed");
    within(waitedMs, { max: 10_000 }, "the ms that close took the handler");
    await context.within(pubsub.close(), "the connection to be closed");
    check(monotonicMs() - startMs < 20_000, "close not to abandon its caller");

    const later = await context.collect(await context.open(), subscription);
    await context.quiet();
    equal(later.received.length, 0, "redeliveries of a message that was handled");
  },
});
