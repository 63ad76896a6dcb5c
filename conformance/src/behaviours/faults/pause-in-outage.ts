import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal, within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

export const pauseInOutage: Behaviour = behaviour({
  id: "faults.pause-in-outage",
  rows: [36],
  statements: ["C24", "C37", "C42"],
  title: "a worker can be paused while the connection is cut, stays paused when it is back, and a resume waits for it",
  tier: "faults",
  needs: ["proxy"],
  requires: outsideThisProcess,
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    context.tolerate("duplicates", "skipped-attempts", "repeated-attempts");
    const { topic, subscription } = await context.pair({ ackDeadlineMs: context.shortLeaseMs });
    const publisher = await context.open();
    const pubsub = await context.open({ throughProxy: true });
    const collector = await context.collect(pubsub, subscription);
    const first = await context.publish(publisher, topic, 3);
    await collector.completes(first.map(({ id }) => id));

    await proxy.cut();
    const pausingMs = monotonicMs();
    await collector.worker.pause();
    within(monotonicMs() - pausingMs, { max: 15_000 }, "the ms that pause took while the line was cut");
    await proxy.heal();
    await context.eventually(() => pubsub.health().status === "up", "the connection to be up again", 60_000);
    const before = collector.received.length;
    const waiting = await context.publish(publisher, topic, 3);
    await context.quiet();
    equal(collector.received.length, before, "messages that have started while the worker was paused");
    equal(collector.worker.health().state, "paused", "the state after the outage");

    await proxy.cut();
    // Time to notice it, where a connection is kept while nothing is received.
    await context.quiet();
    let resumed: unknown = "pending";
    const resuming = collector.worker.resume().then(
      () => (resumed = "resolved"),
      (error: unknown) => (resumed = error),
    );
    await context.quiet();
    equal(resumed, "pending", "the state of resume while the line is cut");
    equal(collector.worker.health().state, "paused", "the state while resume waits");
    await proxy.heal();
    await context.within(resuming, "resume to resolve", 60_000);
    equal(resumed, "resolved", "the state of resume when the line is back");
    await collector.completes(
      waiting.map(({ id }) => id),
      60_000,
    );
    await context.eventually(() => pubsub.health().status === "up", "to be up and receiving again", 60_000);
    equal(collector.worker.health().state, "receiving", "the state after resume");
  },
});
