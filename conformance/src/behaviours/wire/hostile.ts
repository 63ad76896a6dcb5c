import { defineTopic } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import type { Context } from "../../context.ts";
import { check, equal, few } from "../../expect.ts";

const HOSTILE = 60;
const MAX_RETRIES = 1;
const MAX_ID_LENGTH = 128;
const PRINTABLE = /^[!-~]+$/;

export const hostile: Behaviour = behaviour({
  id: "wire.hostile",
  rows: [37],
  statements: ["C18", "C33"],
  title:
    "a stranger's broken and malicious messages do no harm: neighbours run once, the connection stays, letters keep the bytes, peek and redrive work",
  tier: "full",
  needs: ["hostile"],
  timeoutMs: 180_000,
  async run(context) {
    const stranger = context.harness.hostile;
    check(stranger !== undefined, "harness.hostile");
    // The neighbour shares the connection, and the innocent messages also the topic.
    const { pubsub, topic: neighbour, subscription: itsSubscription } = await context.pair();
    const topic = context.declare(defineTopic<Uint8Array>(context.name(), { codec: "bytes" }));
    const subscription = context.subscription(topic, { retryPolicy: { maxRetries: MAX_RETRIES } });
    await pubsub.apply([topic, subscription]);
    const runs = new Map<string, number>();
    let accepting = false;
    await pubsub.subscribe(subscription, (body) => {
      const text = Buffer.from(body).toString("latin1");
      runs.set(text, (runs.get(text) ?? 0) + 1);
      if (text.startsWith("hostile") && !accepting) throw new Error("no event of ours");
    });
    const collector = await context.collect(pubsub, itsSubscription);

    const stored = new Map<string, string>();
    const innocent: string[] = [];
    for (let index = 0; index < HOSTILE; index += 1) {
      const body = `hostile ${index} ${Buffer.from(context.random.bytes(6)).toString("hex")}`;
      const attempt = await stranger.publish(topic.name, Buffer.from(body, "latin1"), context.random);
      if (attempt.stored) stored.set(body, attempt.what);
      innocent.push(`innocent ${index}`);
      await Promise.all([
        context.publish(pubsub, neighbour, 1),
        pubsub.publish(topic, Buffer.from(`innocent ${index}`), { signal: context.signal }),
      ]);
    }
    check(stored.size >= HOSTILE / 4, `at least a quarter of the messages to be stored; ${stored.size} were`);

    await context.eventually(
      () => innocent.every((text) => runs.has(text)),
      () => `every innocent message of the topic to run; missing ${few(innocent.filter((text) => !runs.has(text)))}`,
    );
    const letters = pubsub.deadLetters(subscription);
    const lettersByBody = async (): Promise<Map<string, number>> => {
      const found = new Map<string, number>();
      for (const { body, id, publishTime, lastFailureTime } of await letters.peek({ limit: 1000 })) {
        const text = Buffer.from(body).toString("latin1");
        found.set(text, (found.get(text) ?? 0) + 1);
        check(
          id.length <= MAX_ID_LENGTH && PRINTABLE.test(id),
          `an id of bounded, printable text: ${id.slice(0, 200)}`,
        );
        for (const time of [publishTime, lastFailureTime]) check(!Number.isNaN(time.getTime()), "a valid time");
      }
      return found;
    };
    const missing = async (): Promise<string[]> => {
      const found = await lettersByBody();
      return [...stored].flatMap(([body, what]) => (found.has(body) ? [] : [`${body} (${what})`]));
    };
    let without: readonly string[] = [];
    await context.eventually(
      async () => (without = await missing()).length === 0,
      () => `a letter with its bytes for every hostile message; missing ${few(without)}`,
    );
    await context.quiet();

    for (const text of innocent) equal(runs.get(text), 1, `the runs of ${text}`);
    equal(collector.completed.length, HOSTILE, "the neighbour's completed messages");
    for (const [body, what] of stored) {
      check((runs.get(body) ?? 0) <= MAX_RETRIES + 1, `no more than ${MAX_RETRIES + 1} runs of ${body} (${what})`);
    }
    for (const [body, count] of await lettersByBody()) equal(count, 1, `the letters of ${body} (${stored.get(body)})`);
    equal(disturbances(context), [], "what was said of the connection meanwhile");
    equal(pubsub.health().status, "up", "the health");

    accepting = true;
    runs.clear();
    equal(await context.within(letters.redrive(), "redrive to end"), stored.size, "the number of redriven letters");
    await context.eventually(
      () => [...stored.keys()].every((body) => runs.has(body)),
      () => `every redriven message to run; missing ${few([...stored.keys()].filter((body) => !runs.has(body)))}`,
    );
    equal(await letters.count(), 0, "the letters that are left");
  },
});

/** States of the connection other than up, and workers that could not receive. */
function disturbances(context: Context): readonly string[] {
  return context.log.entries.flatMap((entry) => {
    if (entry.type !== "observed") return [];
    const { event } = entry;
    if (event.type === "failing") return [`failing: ${event.error.message}`];
    return event.type === "connection" && event.state !== "up" ? [`${event.state}: ${event.error?.message}`] : [];
  });
}
