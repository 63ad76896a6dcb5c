import type { AnyTopic } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { sameMembers } from "../../expect.ts";

/**
 * Names that become one when they are joined carelessly (`a` + `b-c`, `a-b` + `c`), that differ beyond where some
 * broker cuts, and that fill the permitted length.
 */
export const isolation: Behaviour = behaviour({
  id: "delivery.isolation",
  rows: [4],
  statements: ["C7"],
  title: "topics and subscriptions with similar or long names share nothing",
  tier: "full",
  async run(context) {
    const pubsub = await context.open();
    const stem = context.name();
    const long = `${stem}-${"x".repeat(61 - stem.length)}`;
    const pairs = [
      [stem, "b-c"],
      [`${stem}-b`, "c"],
      [`${stem}b`, "c"],
      [`${stem}-b-c`, "d"],
      [`${long}a`, `${"y".repeat(62)}a`],
      [`${long}a`, `${"y".repeat(62)}b`],
      [`${long}b`, `${"y".repeat(62)}a`],
    ] as const;
    const topics = new Map([...new Set(pairs.map(([name]) => name))].map((name) => [name, context.topic({ name })]));
    const opened: { readonly topic: AnyTopic; readonly name: string; readonly received: string[] }[] = [];
    for (const [topicName, name] of pairs) {
      const topic = topics.get(topicName) ?? context.topic();
      const received: string[] = [];
      await pubsub.subscribe(context.subscription(topic, { name }), (_, { id }) => received.push(id));
      opened.push({ topic, name: `${topicName}/${name}`, received });
    }

    const sent = new Map<string, string[]>();
    for (const [name, topic] of topics) {
      sent.set(
        name,
        (await context.publish(pubsub, topic, 5)).map(({ id }) => id),
      );
    }

    await context.eventually(
      () => opened.every(({ received }) => received.length >= 5),
      "every subscription to get five messages",
    );
    await context.quiet();
    for (const { topic, name, received } of opened)
      sameMembers(received, sent.get(topic.name) ?? [], `what ${name} got`);
  },
});
