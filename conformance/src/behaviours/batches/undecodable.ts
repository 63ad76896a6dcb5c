import { defineTopic } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";
import { countSchema } from "../publish/schema.ts";

export const undecodableInBatch: Behaviour = behaviour({
  id: "batches.undecodable",
  rows: [37],
  statements: ["C18", "C43"],
  title: "what the codec or the schema refuses becomes a letter, and the others of its batch are handled once",
  tier: "full",
  async run(context) {
    const pubsub = await context.open();
    const name = context.name();
    const raw = context.declare(defineTopic<Uint8Array>(name, { codec: "bytes" }));
    const typed = defineTopic(name, { schema: countSchema });
    const subscription = context.subscription(typed);
    await pubsub.apply([subscription]);
    const handled: number[] = [];
    await pubsub.subscribe(
      subscription,
      (events) => {
        for (const event of events) handled.push(event.count);
      },
      { batch: { maxMessages: 6, maxWaitMs: 300 } },
    );
    const bodies = ["not json", '{"count":"1"}', '{"count":"many"}', '{"count":"2"}', "null", '{"count":"3"}'];

    for (const body of bodies) await pubsub.publish(raw, Buffer.from(body));

    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 3, "three dead letters");
    await context.eventually(() => handled.length === 3, "three handled events");
    await context.quiet();
    equal(
      handled.toSorted((a, b) => a - b),
      [1, 2, 3],
      "the handled events",
    );
    equal(
      (await letters.peek()).map(({ reason }) => reason).toSorted(),
      ["invalid", "invalid", "undecodable"],
      "the reasons of the letters",
    );
  },
});
