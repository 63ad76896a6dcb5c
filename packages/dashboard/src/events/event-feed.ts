import type { WireEvent } from "../api/wire-event.ts";

export interface EventFeed {
  subscribe(listener: (event: WireEvent) => void): () => void;
}
