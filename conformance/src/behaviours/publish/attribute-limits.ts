import type { Attributes } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, equalAttributes, rejects } from "../../expect.ts";

/** Long enough to show a limit, and short enough to fit beside others. */
const BEARABLE_BYTES = 64 * 1024;

export const attributeLimits: Behaviour = behaviour({
  id: "publish.attribute-limits",
  rows: [16, 38],
  statements: ["C3"],
  title: "as many and as long attributes as declared pass; one more, or one byte longer, is refused before the network",
  tier: "full",
  async run(context) {
    const { maxAttributes, maxAttributeKeyBytes, maxAttributeValueBytes, maxMessageBytes } = context.capabilities;
    const { pubsub, topic, subscription } = await context.pair();
    const collector = await context.collect(pubsub, subscription);
    const many = (count: number): Attributes =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "v"]));
    const tooMuch: readonly (readonly [string, Attributes, number])[] = [
      ["one attribute too many", many(maxAttributes + 1), maxAttributes],
      ["a key one byte too long", { ["k".repeat(maxAttributeKeyBytes + 1)]: "v" }, maxAttributeKeyBytes],
      ["a value one byte too long", { k: "v".repeat(maxAttributeValueBytes + 1) }, maxAttributeValueBytes],
    ];
    await context.publish(pubsub, topic, 1);
    const before = context.traffic.publishRequests;

    for (const [what, attributes, limit] of tooMuch) {
      const error = await rejects(pubsub.publish(topic, context.item(), { attributes }), "LIMIT_EXCEEDED", what);
      check(
        error.message.includes(String(limit)),
        `the error about ${what} to name the limit ${limit}: ${error.message}`,
      );
    }
    equal(context.traffic.publishRequests, before, "the publish requests that reached the driver");

    const room = Math.min(BEARABLE_BYTES, Math.floor(maxMessageBytes / 8));
    const largest: readonly Attributes[] = [
      many(Math.min(maxAttributes, 1000)),
      { ["k".repeat(Math.min(maxAttributeKeyBytes, room))]: "v" },
      { k: "v".repeat(Math.min(maxAttributeValueBytes, room)) },
    ];
    for (const attributes of largest) {
      const { id } = await context.publishItem(pubsub, topic, context.item(), { attributes });
      await collector.completes([id]);
      equalAttributes(collector.runsOf(id)[0]?.context.attributes ?? {}, attributes, "the largest attributes");
    }
  },
});
