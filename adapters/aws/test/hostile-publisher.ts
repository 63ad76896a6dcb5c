import type { HostilePublisher, Random } from "@anytopic/conformance";
import { type MessageAttributeValue, PublishCommand } from "@aws-sdk/client-sns";
import type { TestClients } from "./clients.ts";
import { topicArnOf } from "./foreign-client.ts";

type Hostile = Record<string, MessageAttributeValue>;

/** Publishes with the plain SDK what everybody with `sns:Publish` may publish. */
export function hostilePublisher(clients: TestClients): HostilePublisher {
  return {
    async publish(topic, body, random) {
      const MessageAttributes = hostileAttributes(random);
      const what = JSON.stringify(MessageAttributes).slice(0, 120);
      try {
        const TopicArn = await topicArnOf(clients, topic);
        await clients.sns.send(
          new PublishCommand({ TopicArn, Message: Buffer.from(body).toString("latin1"), MessageAttributes }),
        );
        return { stored: true, what };
      } catch (error) {
        return { stored: false, what: `${what}: ${String(error)}` };
      }
    },
  };
}

const text = (StringValue: string): MessageAttributeValue => ({ DataType: "String", StringValue });

function hostileAttributes(random: Random): Hostile {
  const kinds: readonly (() => Hostile)[] = [
    () => metadata({ id: "", time: 1 }),
    () => metadata({ id: "x".repeat(random.integer(200, 20_000)), time: 1 }),
    () => metadata({ id: "\u001b]0;owned\u0007 æ", time: 1 }),
    () => metadata({ id: `t${random.integer(0, 1e9)}`, time: 1e300 }),
    () => metadata({ id: `t${random.integer(0, 1e9)}`, time: -1e15 }),
    () => metadata({ id: `t${random.integer(0, 1e9)}`, time: 0.5, key: "\u0000".repeat(300) }),
    () => metadata({ id: `t${random.integer(0, 1e9)}`, time: 1, attributes: { "anytopic-dead-letter": "{}" } }),
    () => metadata({ id: `t${random.integer(0, 1e9)}`, time: 1, attributes: { "\u001b[2J": "\u009b" } }),
    () => ({ anytopic: text("[".repeat(50_000)) }),
    () => ({ anytopic: text('{"id":"a","time":1,"attributes":{"__proto__":"x","constructor":"y"}}') }),
    () => ({ anytopic: { DataType: "Binary", BinaryValue: random.bytes(100) } }),
    () => ({ anytopic: { DataType: "Number", StringValue: "1e126" } }),
    () => ({ "anytopic-dead-letter": text('{"reason":"rejected","last":1e300,"attempts":-1,"sub":"a/b"}') }),
    () => ({ "anytopic-dead-letter": text("{") }),
    () => ({ "anytopic-attempt": text("0"), "anytopic-redriven-to": text("nobody"), "anytopic-id": text("a") }),
    () => ({ binary: { DataType: "Binary.png", BinaryValue: random.bytes(random.integer(1, 3000)) } }),
    () => ({ number: { DataType: "Number", StringValue: "-1e-120" } }),
    () => ({ array: { DataType: "String.Array", StringValue: '["a",null,1]' } }),
    () => ({ long: text("æ".repeat(random.integer(1000, 60_000))) }),
    () => Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`a${index}`, text("v")])),
    () => ({ constructor: text("a"), toString: text("b"), hasOwnProperty: text("c") }),
  ];
  return (kinds[random.integer(0, kinds.length - 1)] as () => Hostile)();
}

const metadata = (value: object): Hostile => ({ anytopic: text(JSON.stringify(value)) });
