import { bytesCodec, jsonCodec, textCodec, type Codec } from "./codec.ts";
import { requireName } from "./declared-name.ts";
import type { Attributes } from "../contract/message.ts";
import { rejectUnknownKeys, requireBoolean, requireChoice, requireInteger } from "../options/option-checks.ts";
import { shown } from "../base/shown.ts";
import type { StandardSchema } from "./standard-schema.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** `"at-least-once"`: a handler may see a message again. `"exactly-once"`: each published id completes its handler successfully once. */
export type DeliveryGuarantee = "at-least-once" | "exactly-once";

/** What `defineTopic` declares beside the name. */
export interface TopicOptions<Input = unknown, Output = Input> {
  /**
   * Validates an event when it is published, and again before it is handled. The message carries the event as it was given to
   * `publish`; transformations and defaults of the schema apply before the handler runs. @default no validation
   */
  readonly schema?: StandardSchema<Input, Output> | undefined;
  /** How events become bytes. @default "json" */
  readonly codec?: "json" | "text" | "bytes" | Codec<Input> | undefined;
  /** `"exactly-once"`: each published id completes its handler successfully once. Needs an adapter that can do it. @default "at-least-once" */
  readonly deliveryGuarantee?: DeliveryGuarantee | undefined;
  /**
   * Returns the ordering key of an event. Messages with the same key are handled one after the other, in the order of
   * publishing. Must be a pure function of the event as published, and must not return an empty string. Needs an adapter with
   * `ordering: "per-key"`. @default no order
   */
  readonly orderingKey?: ((event: Input) => string) | undefined;
  /** Returns the attributes of an event; attributes given to `publish` win. @default none */
  readonly attributes?: ((event: Input) => Attributes) | undefined;
  /** How long a message waits for each subscription before the broker drops it, in ms; 1 minute to 14 days. @default 7 days */
  readonly retentionMs?: number | undefined;
  /**
   * Whether subscriptions can be put back in time by `PubSub.seek`. The broker then keeps every message for `retentionMs`, also when
   * all subscriptions have handled it, which takes its space. What was handled before this was declared is gone. Needs an adapter
   * with `replay: "time"`. @default false
   */
  readonly replay?: boolean | undefined;
}

/** A topic of any type of event, for functions that do not look at events. */
export interface AnyTopic {
  readonly kind: "topic";
  readonly name: string;
  readonly schema: object | undefined;
  readonly codec: Pick<Codec, "name">;
  readonly deliveryGuarantee: DeliveryGuarantee;
  readonly orderingKey: ((event: never) => string) | undefined;
  readonly attributes: ((event: never) => Attributes) | undefined;
  readonly retentionMs: number;
  readonly replay: boolean;
}

/**
 * A declared topic: a frozen value that names no broker. Two declarations with the same name are one topic on the broker.
 *
 * @template Input what `publish` takes
 * @template Output what handlers receive
 */
export interface Topic<Input = unknown, Output = Input> extends AnyTopic {
  readonly schema: StandardSchema<Input, Output> | undefined;
  readonly codec: Codec<Input>;
  readonly orderingKey: ((event: Input) => string) | undefined;
  readonly attributes: ((event: Input) => Attributes) | undefined;
}

const BUILT_IN_CODECS = { json: jsonCodec, text: textCodec, bytes: bytesCodec } as const;
const OPTIONS = ["schema", "codec", "deliveryGuarantee", "orderingKey", "attributes", "retentionMs", "replay"] as const;

/**
 * Declares a topic. Contacts nobody.
 *
 * @throws TypeError when the name or an option is not allowed; the message names it, its value and the permitted range
 */
export function defineTopic<Input = unknown, Output = Input>(
  name: string,
  options: TopicOptions<Input, Output> = {},
): Topic<Input, Output> {
  requireName("topic name", name);
  const what = `topic ${JSON.stringify(name)}`;
  rejectUnknownKeys(what, options, OPTIONS);
  return Object.freeze({
    kind: "topic",
    name,
    schema: requireSchema(what, options.schema),
    codec: requireCodec<Input>(what, options.codec ?? "json"),
    deliveryGuarantee: requireChoice(`${what}: deliveryGuarantee`, options.deliveryGuarantee ?? "at-least-once", [
      "at-least-once",
      "exactly-once",
    ]),
    orderingKey: requireFunction(`${what}: orderingKey`, options.orderingKey),
    attributes: requireFunction(`${what}: attributes`, options.attributes),
    retentionMs: requireInteger(`${what}: retentionMs`, options.retentionMs ?? 7 * DAY_MS, {
      min: 60_000,
      max: 14 * DAY_MS,
      unit: "ms",
    }),
    replay: requireBoolean(`${what}: replay`, options.replay ?? false),
  });
}

function requireCodec<Value>(what: string, codec: "json" | "text" | "bytes" | Codec<Value>): Codec<Value> {
  if (typeof codec === "object" && typeof codec?.encode === "function" && typeof codec.decode === "function")
    return codec;
  const name = requireChoice(`${what}: codec`, codec, ["json", "text", "bytes"]);
  // The caller's type parameter says which values the built-in codec gets; `encode` checks them at run time.
  return BUILT_IN_CODECS[name] as unknown as Codec<Value>;
}

function requireSchema<Input, Output>(
  what: string,
  schema: StandardSchema<Input, Output> | undefined,
): StandardSchema<Input, Output> | undefined {
  if (schema === undefined || typeof schema["~standard"]?.validate === "function") return schema;
  throw new TypeError(`${what}: schema is ${shown(schema)}: must implement Standard Schema (zod, valibot, arktype, …)`);
}

function requireFunction<Value>(what: string, value: Value | undefined): Value | undefined {
  if (value === undefined || typeof value === "function") return value;
  throw new TypeError(`${what} is ${shown(value)}: must be a function of the event`);
}
