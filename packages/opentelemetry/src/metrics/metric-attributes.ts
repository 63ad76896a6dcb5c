import type { MetricAttributes } from "@opentelemetry/api";

import * as at from "../conventions/attribute-names.ts";
import { systemNames } from "../conventions/system-names.ts";

interface Place {
  readonly adapter: string;
  readonly topic: string;
}

/** Attributes of the conventions' metrics of publishing. */
export function publishAttributes({ adapter, topic }: Place, failure: string): MetricAttributes {
  return {
    [at.OPERATION_NAME]: "publish",
    [at.OPERATION_TYPE]: "send",
    [at.SYSTEM_NAME]: systemNames(adapter, "publish").name,
    [at.DESTINATION_NAME]: topic,
    ...withFailure(failure),
  };
}

/** Attributes of the conventions' metrics of handling. */
export function processAttributes(
  { adapter, topic, subscription }: Place & { readonly subscription: string },
  failure: string,
): MetricAttributes {
  return {
    [at.OPERATION_NAME]: "process",
    [at.SYSTEM_NAME]: systemNames(adapter, "consume").name,
    [at.DESTINATION_NAME]: topic,
    [at.SUBSCRIPTION_NAME]: subscription,
    ...withFailure(failure),
  };
}

/** Attributes of our own metrics of a subscription. */
export function subscriptionAttributes(topic: string, subscription: string): Record<string, string> {
  return { [at.DESTINATION_NAME]: topic, [at.SUBSCRIPTION_NAME]: subscription };
}

const withFailure = (failure: string): MetricAttributes => (failure === "" ? {} : { [at.ERROR_TYPE]: failure });

/** Keeps attributes, so that one object serves all messages of a place. */
export class AttributeCache {
  readonly #known = new Map<string, MetricAttributes>();

  get(key: string, make: () => MetricAttributes): MetricAttributes {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#known.set(key, made);
    return made;
  }
}
