import type { WireEvent } from "./wire-event.ts";

/** The body of `POST /api/ingest`: what one process has seen, in order. Its header `authorization` is `Bearer` and the token. */
export interface EventReport {
  readonly service: string;
  /** 16 hexadecimal digits, chosen by the process at its start. */
  readonly sender: string;
  /** The position of the first event: they are counted from the start of the process, also those that were dropped. */
  readonly first: number;
  readonly events: readonly WireEvent[];
}

/** The answer to an `EventReport`. */
export interface EventReceipt {
  /** How many of the events were new. */
  readonly added: number;
}
