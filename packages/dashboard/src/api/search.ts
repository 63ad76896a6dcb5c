import type { WireEventType } from "./wire-event.ts";

/** A message of which events are kept. */
export interface FoundMessage {
  readonly id: string;
  /** The newest of its events. */
  readonly type: WireEventType;
  readonly topic: string | null;
  readonly subscription: string | null;
  readonly service: string | null;
  readonly atMs: number;
  readonly events: number;
}

export interface FoundLetter {
  /** `topic/subscription` */
  readonly of: string;
  /** For the page of the letter. */
  readonly ref: string;
  readonly id: string;
  readonly reason: string;
  readonly error: string;
  readonly failed: string | null;
}

/** `GET /api/search?q=…` */
export interface SearchAnswer {
  /** The newest first, at most 50. */
  readonly messages: readonly FoundMessage[];
  /** At most 50. */
  readonly letters: readonly FoundLetter[];
  readonly searched: { readonly events: number; readonly letters: number; readonly subscriptions: number };
  /** Dead-letter queues that were not searched, or not to their end, with the reason. */
  readonly incomplete: readonly { readonly of: string; readonly why: string }[];
}
