import { behaviour, ordered, type Behaviour } from "../../behaviour.ts";
import { check, equal, few } from "../../expect.ts";

const KEYS = 12;
const MESSAGES = 360;

export const acrossWorkers: Behaviour = behaviour({
  id: "ordering.across-workers",
  rows: [8, 32],
  statements: ["C8", "C20"],
  title: "order per key holds while several workers compete, fail at random, close and are replaced",
  tier: "full",
  timeoutMs: 240_000,
  requires: ordered,
  async run(context) {
    const stepMs = context.retryStepMs(50);
    const publisher = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic, { retryPolicy: { minBackoffMs: stepMs, maxBackoffMs: stepMs } });
    await publisher.apply([subscription]);
    const failures = new Set(Array.from({ length: 40 }, () => context.random.integer(0, MESSAGES - 1)));
    const completed = new Set<string>();
    const handle = async ({
      item,
      id,
      attempt,
    }: {
      readonly item: { readonly seq: number };
      readonly id: string;
      readonly attempt: number;
    }) => {
      await context.work(context.random.integer(0, 3));
      if (attempt === 1 && failures.has(item.seq)) throw new Error("at random");
      completed.add(id);
    };
    const start = async () => context.collect(await context.open(), subscription, { maxConcurrency: 8, handle });
    const workers = [await start(), await start(), await start()];
    const publishing = context.publish(publisher, topic, MESSAGES, { key: (index) => `key-${index % KEYS}` });

    for (const share of [0.25, 0.5]) {
      await context.eventually(
        () => completed.size >= MESSAGES * share,
        () => `${MESSAGES * share} completions; there are ${completed.size}`,
        60_000,
      );
      await workers.shift()?.close();
      workers.push(await start());
    }
    const sent = await publishing;
    await context.eventually(
      () => completed.size >= MESSAGES,
      () =>
        `${MESSAGES} completions; missing are ${few(sent.filter(({ id }) => !completed.has(id)).map(({ item }) => item.seq))}`,
      60_000,
    );
    await context.quiet();

    context.assertKeyOrder(subscription);
    context.assertNothingLost(topic, subscription);
    equal(completed.size, MESSAGES, "messages completed");
    check(context.log.observed("dead-letter").length === 0, "no dead letters");
  },
});
