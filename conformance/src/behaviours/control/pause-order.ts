import { behaviour, ordered, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

const KEYS = 6;
const MESSAGES = 180;

export const pauseOrder: Behaviour = behaviour({
  id: "control.pause-order",
  rows: [8, 36],
  statements: ["C20", "C42"],
  title: "order per key holds while two workers fail at random, and are paused and resumed in turn and together",
  tier: "full",
  timeoutMs: 240_000,
  requires: ordered,
  async run(context) {
    const stepMs = context.retryStepMs(50);
    const publisher = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic, { retryPolicy: { minBackoffMs: stepMs, maxBackoffMs: stepMs } });
    await publisher.apply([subscription]);
    const failures = new Set(Array.from({ length: 10 }, () => context.random.integer(0, MESSAGES - 1)));
    const completed = new Set<string>();
    const start = async () =>
      context.collect(await context.open(), subscription, {
        maxConcurrency: 8,
        async handle({ item, id, attempt }) {
          await context.work(context.random.integer(0, 10));
          if (attempt === 1 && failures.has(item.seq)) throw new Error("at random");
          completed.add(id);
        },
      });
    const one = (await start()).worker;
    const other = (await start()).worker;
    const publishing = context.publish(publisher, topic, MESSAGES, { key: (index) => `key-${index % KEYS}` });
    const reach = (share: number): Promise<unknown> =>
      context.eventually(
        () => completed.size >= MESSAGES * share,
        () => `${MESSAGES * share} completions; there are ${completed.size}`,
        60_000,
      );

    await reach(0.1);
    await one.pause();
    await reach(0.3);
    // The new subscriber opens while the other one gives back and its handlers still run.
    await Promise.all([one.resume(), other.pause()]);
    await reach(0.5);
    await Promise.all([one.pause(), other.resume()]);
    await other.pause();
    await publishing;
    await context.quiet();
    check(completed.size < MESSAGES, "some messages to wait while both workers are paused");
    await Promise.all([other.resume(), one.resume()]);
    await reach(1);
    await context.quiet();

    context.assertKeyOrder(subscription);
    context.assertNothingLost(topic, subscription);
    equal(completed.size, MESSAGES, "messages completed");
    check(context.log.observed("dead-letter").length === 0, "no dead letters");
  },
});
