import { Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, rejection, sameMembers } from "../../expect.ts";

export const redriveSome: Behaviour = behaviour({
  id: "dead-letters.redrive-some",
  rows: [30],
  statements: ["C19", "C26"],
  title:
    "redrive can be limited, filtered, edited and interrupted, leaves the other letters, and continues when called again",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    context.tolerate("repeated-attempts");
    let repaired = false;
    const collector = await context.collect(pubsub, subscription, {
      handle({ context: { attributes } }) {
        if (!repaired) throw new Reject(attributes["kind"] ?? "");
      },
    });
    const odd = await context.publish(pubsub, topic, 6, { attributes: { kind: "odd" } });
    const even = await context.publish(pubsub, topic, 6, { attributes: { kind: "even" } });
    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 12, "twelve dead letters");
    repaired = true;

    equal(
      await letters.redrive({ limit: 2, filter: ({ errorMessage }) => errorMessage === "odd" }),
      2,
      "redriven with limit 2 and a filter",
    );
    await context.eventually(() => collector.completed.length === 2, "two completions");
    equal(
      collector.completed.every(({ id }) => odd.some((sent) => sent.id === id)),
      true,
      "whether both are odd",
    );

    const reason = new Error("enough");
    const controller = new AbortController();
    const stop = (done: number): void => {
      if (done === 3) controller.abort(reason);
    };
    equal(
      await rejection(letters.redrive({ signal: controller.signal, onProgress: stop }), "an interrupted redrive"),
      reason,
      "the rejection",
    );
    await context.eventually(async () => (await letters.count()) === 7, "seven letters left");

    await letters.redrive({ edit: () => ({ attributes: { kind: "edited" } }) });
    await collector.completes([...odd, ...even].map(({ id }) => id));
    await context.quiet();
    sameMembers(
      collector.ids,
      [...odd, ...even].map(({ id }) => id),
      "what was completed in the end",
    );
    equal(
      collector.completed.filter(({ context: { attributes } }) => attributes["kind"] === "edited").length,
      7,
      "messages with edited attributes",
    );
    equal(await letters.count(), 0, "the letters left");
  },
});
