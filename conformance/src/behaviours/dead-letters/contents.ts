import { defineTopic, Reject, type DeadLetter } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, equalAttributes, equalBytes, within } from "../../expect.ts";

class ProviderError extends Error {
  override readonly name = "ProviderError";
}

export const contents: Behaviour = behaviour({
  id: "dead-letters.contents",
  rows: [28],
  statements: ["C2", "C3", "C16"],
  title: "a dead letter has the body, attributes, key, id and publish time of its message, and says why it is there",
  tier: "smoke",
  async run(context) {
    const pubsub = await context.open();
    const ordered = context.capabilities.ordering === "per-key";
    const topic = context.declare(
      defineTopic<Uint8Array>(context.name(), {
        codec: "bytes",
        ...(ordered ? { orderingKey: () => "schlüssel 1" } : {}),
      }),
    );
    const subscription = context.subscription(topic, { retryPolicy: { maxRetries: 2 } });
    await pubsub.apply([subscription]);
    const body = context.random.bytes(999);
    const attributes = { plain: "value", "wéird\n": "☺\u0000", empty: "" };
    let first = 0;
    let rejected = "";
    await pubsub.subscribe(subscription, (_, { id }) => {
      first ||= Date.now();
      if (id === rejected) throw new Reject("unknown account ☹");
      throw new ProviderError(`provider said ${"x".repeat(1000)}`);
    });
    const beforeMs = Date.now();
    const id = await pubsub.publish(topic, body, { attributes });

    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 1, "the dead letter");
    const [letter] = await letters.peek();

    check(letter !== undefined, "a letter to peek at");
    expectMessage(letter, { id, body, attributes, key: ordered ? "schlüssel 1" : undefined, beforeMs });
    equal(letter.reason, "retries-exhausted", "the reason");
    equal(letter.errorName, "ProviderError", "the error's name");
    check(
      letter.errorMessage.startsWith("provider said xxx") && letter.errorMessage.length <= 500,
      `the error's message, cut at 500: ${letter.errorMessage.length}`,
    );
    equal(letter.attempts, 3, "the attempts");
    equal(letter.subscription, `${topic.name}/${subscription.name}`, "the subscription");
    within(letter.lastFailureTime.getTime(), { min: first, max: Date.now() }, "the time of the last failure");
    within(
      letter.firstFailureTime?.getTime() ?? NaN,
      { min: first - 1, max: letter.lastFailureTime.getTime() },
      "the time of the first failure",
    );

    rejected = "rejected-1";
    await pubsub.publish(topic, body, { attributes, id: rejected });
    await context.eventually(async () => (await letters.count()) === 2, "the second dead letter");
    const second = (await letters.peek()).find((one) => one.id === rejected);
    check(second !== undefined, "the rejected letter to peek at");
    equal(
      [second.reason, second.errorMessage, second.attempts],
      ["rejected", "unknown account ☹", 1],
      "reason, message and attempts of a rejected one",
    );
  },
});

interface Expected {
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  readonly key: string | undefined;
  readonly beforeMs: number;
}

function expectMessage(letter: DeadLetter, { id, body, attributes, key, beforeMs }: Expected): void {
  equal(letter.id, id, "the id");
  equalBytes(letter.body, body, "the body");
  equalAttributes(letter.attributes, attributes, "the attributes");
  equal(letter.orderingKey, key, "the ordering key");
  within(letter.publishTime.getTime(), { min: beforeMs - 1000, max: Date.now() + 1000 }, "the publish time");
}
