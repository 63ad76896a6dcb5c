import type { MessageLimits, TopicSpec } from "@anytopic/core/driver";
import { encodeFor } from "./codec.ts";
import { isFifo } from "./names.ts";

/** What a publisher of this adapter counts before anything is sent to this topic. Loads no client library. */
export function awsMessageLimits(topic: TopicSpec): MessageLimits {
  const fifo = isFifo(topic);
  return { sizeOf: (message) => encodeFor(fifo, message).bytes };
}
