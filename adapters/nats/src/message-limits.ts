import type { MessageLimits } from "@anytopic/core/driver";
import { headerRefusal, sizeOf } from "./codec.ts";

/** What a publisher of this adapter counts and refuses before anything is sent. Loads no client library. */
export function natsMessageLimits(): Required<MessageLimits> {
  return { sizeOf, refusal: headerRefusal };
}
