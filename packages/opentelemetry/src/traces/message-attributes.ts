import type { Span } from "@opentelemetry/api";

import * as at from "../conventions/attribute-names.ts";
import type { CheckedOptions } from "../options.ts";

/** What spans say of a message; never its body and never its attributes. */
interface TracedMessage {
  readonly adapter: string;
  readonly id: string;
  readonly orderingKey: string | undefined;
  readonly bodyBytes: number;
}

/**
 * Says of which message a span is. After its start, because the SDK checks and copies attributes of the start twice, and no sampler decides by
 * these. The conventions know an ordering key only for Google's service.
 */
export function nameMessage(
  span: Span,
  { adapter, id, orderingKey, bodyBytes }: TracedMessage,
  { bodySize, spelling }: CheckedOptions,
): void {
  if (!span.isRecording()) return;
  span.setAttribute(at.MESSAGE_ID, id);
  if (bodySize) span.setAttribute(at.BODY_SIZE, bodyBytes);
  if (adapter === "gcp" && orderingKey !== undefined) {
    span.setAttribute(at.GCP_ORDERING_KEY, orderingKey);
    if (spelling === "both") span.setAttribute(at.OLD_GCP_ORDERING_KEY, orderingKey);
  }
}
