import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const deadLetter: Behaviour = behaviour({
  id: "expiry.dead-letter",
  rows: [28, 30],
  statements: ["C16", "C41"],
  title:
    'with onExpired "dead-letter" an expired message becomes a letter that says so; redrive removes its expiry, and it is handled',
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({ onExpired: "dead-letter" });
    const collector = await context.collect(pubsub, subscription);
    const expiresAt = new Date(Date.now() - 1);
    const [sent] = await context.publish(pubsub, topic, 1, { expiresAt, attributes: { keep: "me" } });
    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 1, "one dead letter");

    const [letter] = await letters.peek();
    equal(
      [letter?.id, letter?.reason, letter?.attempts, letter?.expiresAt, { ...letter?.attributes }],
      [sent?.id, "expired", 0, expiresAt, { keep: "me" }],
      "id, reason, attempts, expiry and attributes of the letter",
    );
    equal(collector.received.length, 0, "the number of handlers that started");

    equal(await letters.redrive(), 1, "the number of redriven letters");
    await collector.completes([sent?.id ?? ""]);
    await context.quiet();
    equal(collector.received.length, 1, "the runs in all");
    const [run] = collector.received;
    equal(
      [run?.attempt, run?.context.expiresAt, { ...run?.context.attributes }],
      [1, undefined, { keep: "me" }],
      "attempt, expiry and attributes of the redriven message",
    );
    equal(await letters.count(), 0, "the letters left");
  },
});
