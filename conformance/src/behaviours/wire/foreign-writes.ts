import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal, equalBytes, within } from "../../expect.ts";

export const foreignWrites: Behaviour = behaviour({
  id: "wire.foreign-writes",
  rows: [37],
  statements: ["C2", "C18", "C29"],
  title:
    "we read what the broker's plain client publishes, with the broker's id on every attempt; odd ones are dead letters, none stops the loop",
  tier: "smoke",
  needs: ["foreign"],
  requires: outsideThisProcess,
  async run(context) {
    const { foreign } = context.harness;
    check(foreign !== undefined, "harness.foreign");
    const { pubsub, topic, subscription } = await context.pair();
    const runs: {
      readonly id: string;
      readonly attempt: number;
      readonly color: string | undefined;
      readonly body: Uint8Array;
      readonly atMs: number;
    }[] = [];
    await pubsub.subscribe(subscription, (_, { id, attempt, attributes, body, publishTime }) => {
      runs.push({ id, attempt, color: attributes["color"], body: Uint8Array.from(body), atMs: publishTime.getTime() });
      if (attempt < 3) throw new Error("twice more");
    });
    const item = Buffer.from(JSON.stringify({ made: "elsewhere" }));
    const beforeMs = Date.now();

    await foreign.publish(topic.name, { body: item, attributes: { color: "red" } });
    await foreign.publish(topic.name, { body: Buffer.from("not json"), attributes: {} });

    await context.eventually(
      () => runs.length >= 3,
      () => `three attempts; there are ${runs.length}`,
    );
    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 1, "the undecodable message to be a dead letter");
    await context.quiet();
    equal(
      runs.map(({ attempt }) => attempt),
      [1, 2, 3],
      "the attempts",
    );
    const ids = new Set(runs.map(({ id }) => id));
    check(ids.size === 1 && !ids.has(""), "one id that is not empty on every attempt");
    for (const { body, color, atMs } of runs) {
      equalBytes(body, item, "the body");
      equal(color, "red", "the attribute");
      within(atMs, { min: beforeMs - 5000, max: Date.now() + 5000 }, "the publish time");
    }
    const [letter] = await letters.peek();
    equal(letter?.reason, "undecodable", "the reason of the letter");
    equalBytes(letter?.body ?? new Uint8Array(), Buffer.from("not json"), "the body of the letter");
  },
});
