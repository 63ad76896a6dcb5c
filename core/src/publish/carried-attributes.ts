import { isAllowedAttribute } from "../contract/checked-attributes.ts";
import type { Attributes } from "../contract/message.ts";
import type { Carrier } from "../observe/instrumentation.ts";

/** The fields of one trace context. https://www.w3.org/TR/trace-context/ and https://www.w3.org/TR/baggage/ (read 2026-11-26) */
const TRACE_FIELDS = new Set(["traceparent", "tracestate", "baggage"]);

/**
 * The user's attributes, and after them what instrumentations have added. Returns `own` itself when they have added nothing.
 *
 * A key of the user stays. When the user has set `traceparent` or `tracestate`, no trace field is added: fields of two traces must not
 * be mixed. An entry that no user could publish is given to `refused`, and is left out.
 */
export function carriedAttributes(own: Attributes, carrier: Carrier, refused: (key: string) => void): Attributes {
  const hasTrace = Object.hasOwn(own, "traceparent") || Object.hasOwn(own, "tracestate");
  let merged: Record<string, string> | undefined;
  for (const key of Object.keys(carrier)) {
    if (Object.hasOwn(own, key) || (hasTrace && TRACE_FIELDS.has(key))) continue;
    const value = carrier[key];
    if (isAllowedAttribute(key, value)) (merged ??= copyOf(own))[key] = value as string;
    else refused(key);
  }
  return merged === undefined ? own : Object.freeze(merged);
}

function copyOf(own: Attributes): Record<string, string> {
  const copy = Object.create(null) as Record<string, string>;
  for (const key of Object.keys(own)) copy[key] = own[key] as string;
  return copy;
}
