import * as at from "../conventions/attribute-names.ts";
import { systemNames } from "../conventions/system-names.ts";

/** Short lists of short texts: every set of them is a time series of its own. */
export type Labels = Record<string, string>;

/** Attributes of the conventions' metrics of publishing. */
export function publishAttributes(adapter: string, topic: string): Labels {
  return {
    [at.OPERATION_NAME]: "publish",
    [at.OPERATION_TYPE]: "send",
    [at.SYSTEM_NAME]: systemNames(adapter, "publish").name,
    [at.DESTINATION_NAME]: topic,
  };
}

/** Attributes of the conventions' metrics of handling. */
export function consumeAttributes(operation: string, adapter: string, topic: string, subscription: string): Labels {
  return {
    [at.OPERATION_NAME]: operation,
    [at.SYSTEM_NAME]: systemNames(adapter, "consume").name,
    [at.DESTINATION_NAME]: topic,
    [at.SUBSCRIPTION_NAME]: subscription,
  };
}

/** Attributes of our own metrics of a subscription. */
export function subscriptionAttributes(topic: string, subscription: string): Labels {
  return { [at.DESTINATION_NAME]: topic, [at.SUBSCRIPTION_NAME]: subscription };
}
