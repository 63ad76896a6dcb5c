import type { WireEvent } from "../api/wire-event.ts";

/** Events as they happen, for one page or more. */
export interface EventFeed {
  subscribe(listener: (event: WireEvent) => void): () => void;
}
