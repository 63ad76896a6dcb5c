import { defineTopic } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, equalBytes } from "../../expect.ts";
import { countSchema } from "../publish/schema.ts";

export const undecodable: Behaviour = behaviour({
  id: "dead-letters.undecodable",
  rows: [37],
  statements: ["C18"],
  title:
    "bodies that the codec or the schema refuses are dead letters at once, with their bytes; their neighbours are handled",
  tier: "smoke",
  async run(context) {
    const pubsub = await context.open();
    const name = context.name();
    const raw = context.declare(defineTopic<Uint8Array>(name, { codec: "bytes" }));
    const typed = defineTopic(name, { schema: countSchema });
    const subscription = context.subscription(typed, { retryPolicy: { maxRetries: 5 } });
    await pubsub.apply([subscription]);
    const handled: unknown[] = [];
    await pubsub.subscribe(subscription, (event) => handled.push(event));
    const bodies = ["not json", '{"count":"1"}', '{"count":"many"}', "", "null", '{"count":"2"}', "\u0000", '{"cou'];

    const ids = await Promise.all(bodies.map((body) => pubsub.publish(raw, Buffer.from(body))));

    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 6, "six dead letters");
    await context.eventually(() => handled.length === 2, "two handled events");
    const found = new Map((await letters.peek()).map((letter) => [letter.id, letter]));
    const reasons = [
      "undecodable",
      undefined,
      "invalid",
      "undecodable",
      "invalid",
      undefined,
      "undecodable",
      "undecodable",
    ];
    for (const [index, id] of ids.entries()) {
      const letter = found.get(id);
      equal(letter?.reason, reasons[index], `the reason of ${JSON.stringify(bodies[index])}`);
      if (letter !== undefined) {
        equalBytes(letter.body, Buffer.from(bodies[index] ?? ""), `the body of ${JSON.stringify(bodies[index])}`);
        equal(letter.attempts, 1, "the attempts");
      }
    }
    equal(
      handled.map((event) => (event as { count: number }).count).toSorted((a, b) => a - b),
      [1, 2],
      "the handled events",
    );
  },
});
