import type { Attributes } from "@opentelemetry/api";

import * as at from "../conventions/attribute-names.ts";
import type { CheckedOptions } from "../options.ts";

/** What spans say of a message; never its body and never its attributes. */
interface TracedMessage {
  readonly adapter: string;
  readonly id: string;
  readonly orderingKey: string | undefined;
  readonly bodyBytes: number;
}

/** The common attributes of a span, and those of its message. The conventions know an ordering key only for Google's service. */
export function messageAttributes(
  common: Attributes,
  { adapter, id, orderingKey, bodyBytes }: TracedMessage,
  { bodySize, spelling }: CheckedOptions,
): Attributes {
  const all: Attributes = { ...common, [at.MESSAGE_ID]: id };
  if (bodySize) all[at.BODY_SIZE] = bodyBytes;
  if (adapter === "gcp" && orderingKey !== undefined) {
    all[at.GCP_ORDERING_KEY] = orderingKey;
    if (spelling === "both") all[at.OLD_GCP_ORDERING_KEY] = orderingKey;
  }
  return all;
}
