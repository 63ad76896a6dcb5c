import { defineTopic, type StandardSchema } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, rejects } from "../../expect.ts";

/** `{ count: "3" }` in, `{ count: 3 }` out. */
export const countSchema: StandardSchema<{ count: string }, { count: number }> = {
  "~standard": {
    version: 1,
    vendor: "anytopic-conformance",
    validate(value) {
      const text = (value as { count?: unknown } | null)?.count;
      return typeof text === "string" && /^\d+$/.test(text)
        ? { value: { count: Number(text) } }
        : { issues: [{ message: "must be digits", path: ["count"] }] };
    },
  },
};

export const schema: Behaviour = behaviour({
  id: "publish.schema",
  rows: [37],
  statements: ["C18", "C28"],
  title: "an event that its schema refuses is INVALID_MESSAGE before the network; handlers get the schema's output",
  tier: "smoke",
  async run(context) {
    const pubsub = await context.open();
    const topic = context.declare(defineTopic(context.name(), { schema: countSchema }));
    const subscription = context.subscription(topic);
    await pubsub.apply([topic, subscription]);
    const got: unknown[] = [];
    await pubsub.subscribe(subscription, (event) => got.push(event));

    const error = await rejects(
      pubsub.publish(topic, { count: "secret-payload" }),
      "INVALID_MESSAGE",
      "an event that the schema refuses",
    );
    check(!error.message.includes("secret-payload"), "the error not to quote the event");
    check(error.message.includes("count"), `the error to name the offending path: ${error.message}`);
    await pubsub.publish(topic, { count: "3" });

    await context.eventually(() => got.length > 0, "the valid event");
    equal(got, [{ count: 3 }], "what the handler got");
  },
});
