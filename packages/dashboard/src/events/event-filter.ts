import type { WireEvent } from "../api/wire-event.ts";
import { HttpError } from "../http/http-error.ts";
import { WIRE_EVENT_TYPES } from "./wire-event-types.ts";

/** Longer texts match nothing that exists. */
const MAX_TEXT = 500;

export type EventFilter = (event: WireEvent) => boolean;

/** Of a query such as `types=retry,dead-letter&topic=signups&text=a1`. @throws HttpError 400 */
export function eventFilter(query: URLSearchParams): EventFilter {
  const id = textOf(query, "id");
  const topic = textOf(query, "topic");
  const subscription = textOf(query, "subscription");
  const text = textOf(query, "text")?.toLowerCase();
  const types = typesOf(textOf(query, "types"));
  return (event) =>
    (types === undefined || types.has(event.type)) &&
    (id === undefined || event.id === id) &&
    (topic === undefined || event.topic === topic) &&
    (subscription === undefined || event.subscription === subscription) &&
    (text === undefined || hasText(event, text));
}

/** `undefined` when it is not there or empty. @throws HttpError 400 */
export function textOf(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name) ?? "";
  if (text.length > MAX_TEXT) {
    throw new HttpError(
      400,
      "WRONG_ARGUMENT",
      `${name} has ${text.length} characters; at most ${MAX_TEXT} are allowed`,
    );
  }
  return text === "" ? undefined : text;
}

function typesOf(text: string | undefined): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined;
  const types = text.split(",");
  const unknown = types.find((type) => !WIRE_EVENT_TYPES.has(type));
  if (unknown === undefined) return new Set(types);
  const known = [...WIRE_EVENT_TYPES].join(", ");
  throw new HttpError(400, "WRONG_ARGUMENT", `types has an unknown type; known are ${known}`);
}

function hasText(event: WireEvent, text: string): boolean {
  const { id, topic, subscription, service, error, reason } = event;
  return [id, topic, subscription, service, reason, error?.name, error?.code, error?.message].some(
    (part) => part?.toLowerCase().includes(text) === true,
  );
}
