import type { PubSubEvent } from "@anytopic/core";
import type { WireEvent } from "../api/wire-event.ts";
import { wireError } from "./wire-error.ts";

/** The same object wherever there is no error: the common events are kept as they are. */
export function compactEvent(event: PubSubEvent): WireEvent {
  if (!("error" in event)) return event;
  return { ...event, error: event.error === undefined ? undefined : wireError(event.error) };
}
