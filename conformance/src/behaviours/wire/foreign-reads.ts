import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal, equalBytes, within } from "../../expect.ts";

/** SQS has ten attributes for us and the user together. */
const OUR_ATTRIBUTES_MAX = 4;

export const foreignReads: Behaviour = behaviour({
  id: "wire.foreign-reads",
  rows: [1, 37],
  statements: ["C29"],
  title:
    "the broker's plain client reads what we publish: the encoded body as it is, attributes as the broker's own, little else",
  tier: "smoke",
  needs: ["foreign"],
  requires: outsideThisProcess,
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const [sent] = await context.publish(pubsub, topic, 1, { attributes: { color: "blue", size: "10" } });

    const message = await context.harness.foreign?.take({ topic: topic.name, subscription: subscription.name });

    check(message !== undefined, "a message for the plain client");
    equalBytes(message.body, Buffer.from(JSON.stringify(sent?.item)), "the body");
    equal([message.attributes["color"], message.attributes["size"]], ["blue", "10"], "the attributes");
    within(
      Object.keys(message.attributes).length - 2,
      { max: OUR_ATTRIBUTES_MAX },
      "the number of attributes that are not the user's",
    );
  },
});
