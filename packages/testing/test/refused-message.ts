import { type Capabilities, defineTopic, type PublishOptions, type PubSub } from "@anytopic/core";

export const REFUSING = ["aws", "gcp", "nats", "rabbitmq", "redis"] as const;

const Bytes = defineTopic<Uint8Array>("bytes", { codec: "bytes" });

interface Message {
  readonly body: Uint8Array;
  readonly options: PublishOptions;
}

/** A message within all capabilities that the memory broker accepts, and this adapter does not. */
const MESSAGES: Readonly<Record<(typeof REFUSING)[number], (capabilities: Capabilities) => Message>> = {
  // Bytes that are no text travel as base64.
  aws: () => ({ body: new Uint8Array(200_000).fill(0xff), options: { id: "m1" } }),
  // The encoding of a message has a head.
  gcp: ({ maxMessageBytes }) => ({ body: new Uint8Array(maxMessageBytes - 45), options: { id: "m1" } }),
  // All attributes together, though each of them is short enough.
  nats: manyAttributes,
  rabbitmq: manyAttributes,
  // Fields have names.
  redis: ({ maxMessageBytes }) => ({ body: new Uint8Array(maxMessageBytes - 10), options: { id: "m1" } }),
};

function manyAttributes({ maxAttributes, maxAttributeValueBytes }: Capabilities): Message {
  const value = "x".repeat(maxAttributeValueBytes);
  const attributes = Object.fromEntries(Array.from({ length: maxAttributes }, (_, index) => [`key-${index}`, value]));
  return { body: new Uint8Array(1), options: { id: "m1", attributes } };
}

/** Publishes it. */
export async function publishRefused(kind: (typeof REFUSING)[number], pubsub: PubSub): Promise<string> {
  const { body, options } = MESSAGES[kind](pubsub.capabilities);
  return await pubsub.publish(Bytes, body, options);
}

/** The error of that. */
export async function refusalBy(kind: (typeof REFUSING)[number], pubsub: PubSub): Promise<unknown> {
  return await publishRefused(kind, pubsub).then(
    () => undefined,
    (error: unknown) => error,
  );
}
