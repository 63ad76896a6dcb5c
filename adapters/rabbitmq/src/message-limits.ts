import type { MessageLimits } from "@anytopic/core/driver";
import { headerRefusal, sizeOf } from "./wire/message-bytes.ts";

/**
 * What a publisher of this adapter counts and refuses before anything is sent. Loads no client library. A publisher also refuses what is
 * larger than the server's `max_message_size`, once the server has told it.
 */
export function rabbitmqMessageLimits(): Required<MessageLimits> {
  return { sizeOf, refusal: ({ attributes }) => headerRefusal(attributes) };
}
