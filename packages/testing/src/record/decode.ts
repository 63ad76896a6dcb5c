import type { AnyTopic } from "@anytopic/core";

/** What `decode` needs of a topic: codec and schema, without the types of its events. */
interface ReadTopic {
  readonly codec: { decode(body: Uint8Array): unknown };
  readonly schema: { readonly "~standard": { readonly validate: (value: unknown) => unknown } } | undefined;
}

/**
 * The event in a body, as a handler gets it: through the topic's codec and schema. With an asynchronous schema it is what the codec
 * has decoded, because a record of the past cannot wait.
 *
 * @throws Error when the codec or the schema refuses the body
 */
export function decodeEvent(topic: AnyTopic, id: string, body: Uint8Array): unknown {
  // Every declared topic has them; `AnyTopic` leaves out what depends on the type of its events.
  const { codec, schema } = topic as AnyTopic & ReadTopic;
  let value: unknown;
  try {
    value = codec.decode(body);
  } catch (error) {
    throw new Error(`message ${id} of topic "${topic.name}" cannot be decoded`, { cause: error });
  }
  const result = schema?.["~standard"].validate(value);
  if (result === undefined || result instanceof Promise) return value;
  const { issues, value: event } = result as { readonly issues?: unknown; readonly value?: unknown };
  if (issues === undefined) return event;
  throw new Error(`message ${id} of topic "${topic.name}" does not match the topic's schema`, { cause: issues });
}
