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
  const added = Object.keys(carrier).filter((key) => !Object.hasOwn(own, key) && !(hasTrace && TRACE_FIELDS.has(key)));
  const allowed = added.filter((key) => isAllowedAttribute(key, carrier[key]));
  if (allowed.length < added.length) for (const key of added) if (!allowed.includes(key)) refused(key);
  if (allowed.length === 0) return own;
  const merged = Object.create(null) as Record<string, string>;
  for (const key of Object.keys(own)) merged[key] = own[key] as string;
  for (const key of allowed) merged[key] = carrier[key] as string;
  return Object.freeze(merged);
}
