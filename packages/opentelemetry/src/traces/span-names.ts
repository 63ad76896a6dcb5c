import type { Attributes } from "@opentelemetry/api";

import * as at from "../conventions/attribute-names.ts";
import type { Spelling } from "../conventions/spelling.ts";
import { type Side, systemNames } from "../conventions/system-names.ts";

/** What a span does. `type` is one of the conventions' words, `operation` the name. */
export interface SpanPurpose {
  readonly operation: "publish" | "create" | "redrive" | "process" | "receive" | "ack" | "retry" | "release";
  readonly type: "send" | "create" | "process" | "receive" | "settle";
  readonly side: Side;
}

/** What all spans of one kind for one topic, or for one subscription, have in common. */
export interface CommonParts {
  readonly name: string;
  readonly attributes: Attributes;
}

/** Makes the name and the common attributes of spans of one kind, once for each topic and subscription. */
export class SpanNames {
  readonly #kind: SpanPurpose;
  readonly #spelling: Spelling;
  readonly #known = new Map<string, CommonParts>();

  constructor(kind: SpanPurpose, spelling: Spelling) {
    this.#kind = kind;
    this.#spelling = spelling;
  }

  of(adapter: string, topic: string, subscription = ""): CommonParts {
    const key = `${adapter} ${topic} ${subscription}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = this.#make(adapter, topic, subscription);
    this.#known.set(key, made);
    return made;
  }

  #make(adapter: string, topic: string, subscription: string): CommonParts {
    const { operation, type, side } = this.#kind;
    const system = systemNames(adapter, side);
    return {
      name: `${operation} ${topic}`,
      attributes: {
        [at.SYSTEM_NAME]: system.name,
        ...(this.#spelling === "both" ? { [at.OLD_SYSTEM]: system.old } : {}),
        [at.OPERATION_NAME]: operation,
        [at.OPERATION_TYPE]: type,
        [at.DESTINATION_NAME]: topic,
        ...(subscription === "" ? {} : { [at.SUBSCRIPTION_NAME]: subscription }),
      },
    };
  }
}
