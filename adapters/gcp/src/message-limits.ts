import type { MessageLimits } from "@anytopic/core/driver";
import { sizeOf } from "./codec.ts";

/** What a publisher of this adapter counts and refuses before anything is sent. Loads no client library. */
export function gcpMessageLimits(): MessageLimits {
  return { sizeOf };
}
