import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equalAttributes } from "../../expect.ts";

const ASCII_CONTROL = String.fromCharCode(...Array.from({ length: 32 }, (_, code) => code), 127);

const STRINGS: readonly string[] = [
  " ",
  " leading and trailing ",
  "slash/and\\backslash",
  "../../up",
  "quote\"and'and`",
  "percent%41%zz%",
  "equals=and&and;and,and:and|",
  "new\nline\r\nreturn\ttab",
  ASCII_CONTROL,
  "null\u0000inside",
  "☺ \u{1F600} \u{1F468}‍\u{1F469}‍\u{1F467}",
  "Å and A\u030A are not normalised",
  "\uFEFFbyte order mark \uFFFE\uFFFF",
  "__proto__",
  "constructor",
  "toString",
  "content-type",
  "Content-Type",
  "x-death",
  "Nats-Msg-Id",
  "traceparent",
  "123",
  "-1",
  "true",
  "null",
  "AWS.something",
  "amazon.other",
  "googclient_x",
  "very long ".repeat(20).trim(),
];

export const weirdAttributes: Behaviour = behaviour({
  id: "publish.weird-attributes",
  rows: [16],
  statements: ["C3"],
  title: "attribute keys and values of any Unicode text arrive as they were, or are rejected",
  tier: "smoke",
  async run(context) {
    const { maxAttributes, maxAttributeKeyBytes, maxAttributeValueBytes } = context.capabilities;
    const { pubsub, topic, subscription } = await context.pair();
    const collector = await context.collect(pubsub, subscription);
    const fits = STRINGS.filter(
      (text) => Buffer.byteLength(text) <= Math.min(maxAttributeKeyBytes, maxAttributeValueBytes),
    );
    const perMessage = Math.max(1, Math.min(maxAttributes, 10));
    const sets: Record<string, string>[] = [];
    for (let from = 0; from < fits.length; from += perMessage) {
      // Each value is also a key elsewhere; the last value of a message is empty.
      const keys = fits.slice(from, from + perMessage);
      const values = keys.map((_, index) => (index === keys.length - 1 ? "" : (fits.at(from - index) ?? "")));
      sets.push(
        Object.assign(
          Object.create(null) as Record<string, string>,
          Object.fromEntries(keys.map((key, index) => [key, values[index] ?? ""])),
        ),
      );
    }

    const sent = await Promise.all(
      sets.map((attributes) => context.publishItem(pubsub, topic, context.item(), { attributes })),
    );

    await collector.completes(sent.map(({ id }) => id));
    for (const [index, { id }] of sent.entries()) {
      equalAttributes(
        collector.runsOf(id)[0]?.context.attributes ?? {},
        sets[index] ?? {},
        `the attributes of message ${index}`,
      );
    }
  },
});
