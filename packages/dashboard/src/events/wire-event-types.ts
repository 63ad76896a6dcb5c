import type { WireEventType } from "../api/wire-event.ts";

/** A type that is missing here does not compile. */
const TYPES: Readonly<Record<WireEventType, true>> = {
  publish: true,
  published: true,
  "publish-failed": true,
  deliver: true,
  ack: true,
  retry: true,
  "dead-letter": true,
  "dead-letter-failed": true,
  release: true,
  skipped: true,
  "lease-lost": true,
  connection: true,
  receiving: true,
  failing: true,
  paused: true,
  resumed: true,
  circuit: true,
  redrive: true,
  "redrive-failed": true,
};

export const WIRE_EVENT_TYPES: ReadonlySet<string> = new Set(Object.keys(TYPES));

export function isWireEventType(type: unknown): type is WireEventType {
  return typeof type === "string" && WIRE_EVENT_TYPES.has(type);
}
