import { defineTopic } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, equalBytes } from "../../expect.ts";

export const anyBytes: Behaviour = behaviour({
  id: "publish.any-bytes",
  rows: [1, 16, 38],
  statements: ["C3"],
  title: "a body of any bytes, also of none, arrives as it was",
  tier: "smoke",
  async run(context) {
    const pubsub = await context.open();
    const topic = context.declare(defineTopic<Uint8Array>(context.name(), { codec: "bytes" }));
    const subscription = context.subscription(topic);
    await pubsub.apply([topic, subscription]);
    const arrived = new Map<string, Uint8Array>();
    await pubsub.subscribe(subscription, (body, { id }) => arrived.set(id, Uint8Array.from(body)));
    const bodies: readonly Uint8Array[] = [
      new Uint8Array(),
      Uint8Array.of(0),
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
      // Not UTF-8: a lone continuation byte, an overlong form, a surrogate, a cut-off sequence.
      Uint8Array.of(0x80, 0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xf0, 0x9f),
      Buffer.from("\u0000\u0001\r\n\t\u001f\u007f\uFFFE ☺ \u{1F600} </Message>&amp;", "utf8"),
      Buffer.from('{"Type":"Notification","Message":"{}","MessageAttributes":{}}', "utf8"),
      Buffer.from("aGVsbG8=", "utf8"),
      context.random.bytes(10_000),
    ];

    const ids = await Promise.all(bodies.map((body) => pubsub.publish(topic, body)));

    await context.eventually(
      () => arrived.size === bodies.length,
      () => `${bodies.length} messages; ${arrived.size} arrived`,
    );
    for (const [index, body] of bodies.entries()) {
      equalBytes(arrived.get(ids[index] ?? "") ?? Buffer.from("missing"), body, `body ${index}`);
    }
    equal(arrived.size, bodies.length, "the number of messages");
  },
});
