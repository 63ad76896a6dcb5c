import type { Attributes } from "@opentelemetry/api";

import * as at from "../conventions/attribute-names.ts";
import type { Spelling } from "../conventions/spelling.ts";
import { type Side, systemNames } from "../conventions/system-names.ts";
import { PlaceCache } from "../place-cache.ts";

/** What a span does. `type` is one of the conventions' words, `operation` the name. */
export interface SpanPurpose {
  readonly operation: "publish" | "create" | "redrive" | "process" | "receive" | "ack" | "retry" | "release";
  readonly type: "send" | "create" | "process" | "receive" | "settle";
  readonly side: Side;
}

/** What all spans of one purpose have in common for one topic, or for one subscription. */
export interface CommonParts {
  readonly name: string;
  readonly attributes: Attributes;
}

export type SpanNames = PlaceCache<CommonParts>;

export function spanNames({ operation, type, side }: SpanPurpose, spelling: Spelling): SpanNames {
  return new PlaceCache((adapter, topic, subscription) => {
    const system = systemNames(adapter, side);
    return {
      name: `${operation} ${topic}`,
      attributes: {
        [at.SYSTEM_NAME]: system.name,
        ...(spelling === "both" ? { [at.OLD_SYSTEM]: system.old } : {}),
        [at.OPERATION_NAME]: operation,
        [at.OPERATION_TYPE]: type,
        [at.DESTINATION_NAME]: topic,
        ...(subscription === "" ? {} : { [at.SUBSCRIPTION_NAME]: subscription }),
      },
    };
  });
}
