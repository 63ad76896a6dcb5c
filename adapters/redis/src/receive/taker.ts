import type { Reader } from "../connection/reader.ts";
import type { Entry } from "../wire/entry.ts";

/** How one worker asks for messages: with or without order. */
export interface Taker {
  /** Resolves with messages, or after a moment with none. `room`: how many there may be, at least 1. */
  take(reader: Reader, room: number): Promise<readonly Entry[]>;
}
