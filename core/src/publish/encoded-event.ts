import { isBuiltIn, isJsonCodec, jsonCodec, jsonText } from "../declare/codec.ts";
import { bytesOf, type EncodedBody } from "./encoded-body.ts";
import { PubSubError } from "../base/errors.ts";
import { inexactParts, isExactInJson, pathText, type InexactPart } from "../declare/json-exactness.ts";
import { isPromise } from "../base/promise-like.ts";
import { isProven, requireSameFromSchema, type SchemaCheck } from "../declare/schema-after-json.ts";
import { schemaResult, validatedValue } from "../declare/schema-validation.ts";
import type { StandardResult, StandardSchema } from "../declare/standard-schema.ts";
import type { Topic } from "../declare/topic.ts";

type Schema = StandardSchema<unknown, unknown>;
type Result = StandardResult<unknown> | Promise<StandardResult<unknown>>;

/** An encoded event. Nobody else uses its bytes. */
export interface EncodedEvent {
  readonly body: EncodedBody;
  /** Present when the schema is asynchronous: rejects when the event does not match it. A rejection is never reported as unhandled. */
  readonly valid: Promise<void> | undefined;
}

/** Whether a schema has returned a promise before. */
const isAsynchronous = new WeakMap<object, boolean>();

/**
 * Encodes an event of a topic without a schema. This is most of the cost of a publish.
 *
 * @throws PubSubError `INVALID_MESSAGE`
 */
export function bodyOf<Input>(topic: Topic<Input, unknown>, event: Input): EncodedBody {
  const body = encoded(topic, event);
  const parts = changedParts(topic, event, false);
  if (parts.length > 0) throw inexact(topic.name, parts);
  return body;
}

/**
 * Validates and encodes an event, as it is now, of a topic with a schema.
 *
 * An asynchronous schema gets the decoded event, because the caller may change its own before the schema has read all of it. When
 * JSON changes a part of the event, the schema decides: if it accepts both forms, the event is published, else it is refused. See
 * docs/adr/060-what-json-cannot-carry.md.
 *
 * @throws PubSubError `INVALID_MESSAGE`
 */
export function validatedEvent<Input>(topic: Topic<Input, unknown>, event: Input, schema: Schema): EncodedEvent {
  const known = isAsynchronous.get(schema);
  if (known === false) return validatedNow(topic, event, schema, validate(topic, schema, event));
  // An asynchronous schema must not get an object that may change meanwhile. Built-in codecs can always decode.
  if (known === true || isBuiltIn(topic.codec)) {
    const body = encoded(topic, event);
    const result = schemaResult(topic.name, schema, decoded(topic, body));
    if (isPromise(result)) return validatedLater(topic, event, schema, body, result);
  }
  return validatedNow(topic, event, schema, validate(topic, schema, event));
}

function validate<Input>(topic: Topic<Input, unknown>, schema: Schema, event: Input): Result {
  const result = schemaResult(topic.name, schema, event);
  isAsynchronous.set(schema, isPromise(result));
  return result;
}

function validatedNow<Input>(topic: Topic<Input, unknown>, event: Input, schema: Schema, result: Result): EncodedEvent {
  if (isPromise(result)) {
    // Not used: the event may change before the schema has read it.
    result.catch(() => {});
    const body = encoded(topic, event);
    return validatedLater(topic, event, schema, body, schemaResult(topic.name, schema, decoded(topic, body)));
  }
  const output = validatedValue(`topic "${topic.name}": the event`, result);
  const body = encoded(topic, event);
  const parts = changedParts(topic, event, true);
  if (parts.length === 0 || isProven(schema, parts)) return { body, valid: undefined };
  const after = schemaResult(topic.name, schema, decoded(topic, body));
  const check: SchemaCheck = { topic: topic.name, schema, event, parts, result: after };
  return { body, valid: handled(requireSameFromSchema(check, { output })) };
}

function validatedLater<Input>(
  topic: Topic<Input, unknown>,
  event: Input,
  schema: Schema,
  body: EncodedBody,
  result: Result,
): EncodedEvent {
  isAsynchronous.set(schema, true);
  // A schema that returns promises may return some results directly.
  const check: SchemaCheck = { topic: topic.name, schema, event, parts: changedParts(topic, event, true), result };
  return { body, valid: handled(requireSameFromSchema(check, undefined)) };
}

function handled(valid: Promise<void> | undefined): Promise<void> | undefined {
  valid?.catch(() => {});
  return valid;
}

const UNCHANGED: readonly InexactPart[] = [];

/** The parts of an encoded event that JSON changes. A getter or a proxy may throw when it is read again. */
function changedParts<Input>(topic: Topic<Input, unknown>, event: Input, formCounts: boolean): readonly InexactPart[] {
  if (!isJsonCodec(topic.codec)) return UNCHANGED;
  try {
    return isExactInJson(event, formCounts) ? UNCHANGED : inexactParts(event, formCounts);
  } catch (error) {
    throw notEncoded(topic, error);
  }
}

function encoded<Input>(topic: Topic<Input, unknown>, event: Input): EncodedBody {
  const { codec } = topic;
  try {
    return codec.encode === jsonCodec.encode ? jsonText(event) : codec.encode(event);
  } catch (error) {
    const parts = isJsonCodec(topic.codec) && typeof event === "object" ? refusedParts(event) : UNCHANGED;
    if (parts.length > 0) throw inexact(topic.name, parts, error);
    throw notEncoded(topic, error);
  }
}

/** The parts of an event that JSON refuses. None when the event cannot be read: then the codec's own error is used. */
function refusedParts(event: unknown): readonly InexactPart[] {
  try {
    return inexactParts(event, false);
  } catch {
    return UNCHANGED;
  }
}

function notEncoded<Input>(topic: Topic<Input, unknown>, error: unknown): PubSubError {
  const reason =
    error instanceof RangeError
      ? ": it is nested too deeply, or too large"
      : error instanceof TypeError
        ? `: ${error.message}`
        : "";
  return new PubSubError(
    "INVALID_MESSAGE",
    `topic "${topic.name}": the ${topic.codec.name} codec cannot encode the event${reason}`,
    { cause: error },
  );
}

function decoded<Input>(topic: Topic<Input, unknown>, body: EncodedBody): unknown {
  try {
    return topic.codec.decode(bytesOf(body));
  } catch (error) {
    throw new PubSubError(
      "INVALID_MESSAGE",
      `topic "${topic.name}": the ${topic.codec.name} codec cannot decode the event it has encoded`,
      { cause: error },
    );
  }
}

function inexact(topic: string, parts: readonly InexactPart[], cause?: unknown): PubSubError {
  const first = parts.slice(0, 3);
  const named = first.map(({ path, fate }) => `${pathText(path)} is ${fate.words}`);
  if (parts.length > named.length) named.push("there is more of the kind");
  const remedies = [...new Set(first.map(({ fate }) => fate.remedy))];
  return new PubSubError(
    "INVALID_MESSAGE",
    `topic "${topic}": JSON cannot carry the event as it is: ${named.join("; ")}. Remedy: ${remedies.join("; ")}`,
    cause === undefined ? {} : { cause },
  );
}
