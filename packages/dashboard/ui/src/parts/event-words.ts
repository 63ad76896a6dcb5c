import type { WireEvent, WireEventType } from "../../../src/api/wire-event.ts";
import { shownBytes, shownDuration } from "./format.ts";

export type EventTone = "plain" | "good" | "warn" | "bad";

interface EventWords {
  readonly word: string;
  readonly tone: EventTone;
  /** Colour is never alone. */
  readonly sign: string;
}

/** How each type of event is called on the page. */
export const EVENT_WORDS: Readonly<Record<WireEventType, EventWords>> = {
  publish: { word: "publishing", tone: "plain", sign: "○" },
  published: { word: "published", tone: "plain", sign: "●" },
  "publish-failed": { word: "publish failed", tone: "bad", sign: "✕" },
  deliver: { word: "delivered", tone: "plain", sign: "▸" },
  ack: { word: "acknowledged", tone: "good", sign: "✓" },
  retry: { word: "retry", tone: "warn", sign: "↻" },
  "dead-letter": { word: "dead letter", tone: "bad", sign: "■" },
  "dead-letter-failed": { word: "letter not stored", tone: "bad", sign: "✕" },
  release: { word: "released", tone: "plain", sign: "◂" },
  skipped: { word: "skipped", tone: "plain", sign: "–" },
  "lease-lost": { word: "lease lost", tone: "warn", sign: "!" },
  connection: { word: "connection", tone: "plain", sign: "⇄" },
  receiving: { word: "receiving", tone: "good", sign: "▸" },
  failing: { word: "cannot receive", tone: "bad", sign: "✕" },
  paused: { word: "paused", tone: "warn", sign: "‖" },
  resumed: { word: "resumed", tone: "good", sign: "▸" },
  circuit: { word: "circuit", tone: "warn", sign: "◌" },
  redrive: { word: "redrive", tone: "plain", sign: "↺" },
  "redrive-failed": { word: "redrive failed", tone: "bad", sign: "✕" },
};

/** What there is to say beside the type: `attempt 2 · after 12 ms · again in 10 s`. Without the error. */
export function eventDetail(event: WireEvent): string {
  const { type, attempt, durationMs, delayMs, reason, bytes, connection, state, openMs } = event;
  return [
    connection,
    state,
    openMs ? `open for ${shownDuration(openMs)}` : undefined,
    attempt === undefined ? undefined : `attempt ${attempt}`,
    type === "publish" && bytes !== undefined ? shownBytes(bytes) : undefined,
    durationMs === undefined ? undefined : `took ${durationMs < 0.5 ? "< 1 ms" : shownDuration(durationMs)}`,
    delayMs === undefined ? undefined : `again in ${shownDuration(delayMs)}`,
    reason,
  ]
    .filter((part) => part !== undefined && part !== null)
    .join(" · ");
}
