import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

const RATE = { max: 5, perMs: 1000 };
const MESSAGES = 20;
/** A handler notes its start a little after core has counted it; that much later on a loaded machine. */
const NOTED_LATE_MS = 100;

export const rate: Behaviour = behaviour({
  id: "control.rate",
  rows: [9, 10],
  statements: ["C42"],
  title:
    "a worker with a rate never starts more in any span of time, retries included, and loses nothing that waits longer than a lease",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({ ackDeadlineMs: context.shortLeaseMs, rate: RATE });
    const collector = await context.collect(pubsub, subscription, {
      handle({ item, attempt }) {
        if (item.key === "retried" && attempt === 1) throw new Error("once");
      },
    });
    const sent = await context.publish(pubsub, topic, MESSAGES, {
      key: (index) => (index % 5 === 0 ? "retried" : "fine"),
    });
    await collector.completes(sent.map(({ id }) => id));
    await context.quiet();

    const spent = collector.received.filter(
      (received) => received.attempt !== collector.runsOf(received.id).indexOf(received) + 1,
    );
    check(spent.length === 0, "no attempt to be spent on messages that waited");
    equal(collector.received.length, MESSAGES + MESSAGES / 5, "handlers that have started");
    const starts = collector.received.map(({ atMs }) => atMs);
    const spansMs = starts.slice(RATE.max).map((atMs, index) => atMs - (starts[index] as number));
    const shortestMs = Math.min(...spansMs);
    check(
      shortestMs >= RATE.perMs - NOTED_LATE_MS,
      `at most ${RATE.max} starts in ${RATE.perMs} ms, got ${RATE.max + 1} in ${shortestMs.toFixed(0)} ms`,
    );
  },
});
