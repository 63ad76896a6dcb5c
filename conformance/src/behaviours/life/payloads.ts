import { Reject, type Logger } from "@anytopic/core";
import { inspect } from "node:util";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, rejection } from "../../expect.ts";

const SECRET = "payload-5ecret";

export const payloads: Behaviour = behaviour({
  id: "life.payloads",
  rows: [49],
  statements: ["C28", "C30"],
  title: "bodies and attributes appear neither in logs nor in errors nor in observed events, whatever goes wrong",
  tier: "smoke",
  async run(context) {
    const said: string[] = [];
    const listen = (fields: object, message: string): unknown => said.push(message, inspect(fields, { depth: 8 }));
    const logger: Logger = { debug: listen, info: listen, warn: listen, error: listen };
    const { pubsub, topic, subscription } = await context.pair({}, {}, { logger });
    const collector = await context.collect(pubsub, subscription, {
      handle({ item, attempt }) {
        if (item.key === "rejected") throw new Reject("no");
        if (attempt === 1) throw new Error("again");
      },
    });
    const options = {
      key: (index: number) => (index === 0 ? "rejected" : "retried"),
      pad: SECRET,
      attributes: { note: SECRET },
    };
    const sent = await context.publish(pubsub, topic, 3, options);
    await collector.completes(sent.slice(1).map(({ id }) => id));
    await context.eventually(async () => (await pubsub.deadLetters(subscription).count()) === 1, "a dead letter");

    const errors = [
      await rejection(
        pubsub.publish(topic, context.item(), {
          attributes: { [`k${"k".repeat(context.capabilities.maxAttributeKeyBytes)}`]: SECRET },
        }),
        "an attribute key that is too long",
      ),
      await rejection(
        pubsub.publish(topic, context.item(), {
          attributes: { note: SECRET.repeat(context.capabilities.maxAttributeValueBytes) },
        }),
        "an attribute value that is too long",
      ),
      await rejection(
        pubsub.publish(topic, context.item("k", SECRET.repeat(context.capabilities.maxMessageBytes / 8)), {}),
        "a body that is too large",
      ),
      await rejection(pubsub.publish(topic, (() => SECRET) as never), "an event that JSON cannot say"),
    ];
    await pubsub.close();

    for (const text of said) check(!text.includes(SECRET), `logs without payloads, one says: ${text.slice(0, 200)}`);
    for (const error of errors)
      check(
        !inspect(error, { depth: 8 }).includes(SECRET),
        `errors without payloads, one says: ${String(error).slice(0, 200)}`,
      );
    for (const entry of context.log.entries) {
      if (entry.type === "observed")
        check(
          !inspect(entry.event, { depth: 8 }).includes(SECRET),
          `events without payloads, ${entry.event.type} has one`,
        );
    }
  },
});
