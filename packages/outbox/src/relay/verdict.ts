import { PubSubError, type PubSubErrorCode } from "@anytopic/core";

/**
 * What becomes of a message that was not published.
 *
 * - `"waits"`: the connection is the trouble. Its whole topic waits in this relay, and no attempt is counted.
 * - `"holds-topic"`: an operator must act. The topic is held for all relays, and tried again now and then.
 * - `"parks"`: it can never be published as it is. It is put aside with the reason.
 * - `"holds-key"`: nobody knows. Its key is held for a while, and after some attempts the message is parked.
 * - `"follows"`: an earlier message of its key was not published, so this one was not sent.
 */
export type Verdict = "waits" | "holds-topic" | "parks" | "holds-key" | "follows";

const VERDICTS: Readonly<Record<PubSubErrorCode, Verdict>> = {
  CLOSED: "waits",
  UNAVAILABLE: "waits",
  TIMEOUT: "waits",
  RESOURCE_EXHAUSTED: "waits",
  NOT_FOUND: "holds-topic",
  PERMISSION_DENIED: "holds-topic",
  UNAUTHENTICATED: "holds-topic",
  TOPOLOGY_MISMATCH: "holds-topic",
  INVALID_CONFIG: "holds-topic",
  ADAPTER_NOT_INSTALLED: "holds-topic",
  NOT_SUPPORTED: "holds-topic",
  LIMIT_EXCEEDED: "parks",
  REJECTED: "parks",
  INVALID_MESSAGE: "parks",
  KEY_PAUSED: "follows",
  LEASE_LOST: "holds-key",
  UNKNOWN: "holds-key",
};

/** @param signal aborted when the relay itself has stopped waiting */
export function verdictOf(error: unknown, signal: AbortSignal): Verdict {
  if (signal.aborted && error === signal.reason) return "waits";
  if (!(error instanceof PubSubError)) return "holds-key";
  if (error.code === "KEY_PAUSED") return "follows";
  // The adapter knows better than the table. RabbitMQ refuses what a full queue cannot take now, and may take it later as it is.
  return error.retryable ? "waits" : VERDICTS[error.code];
}

/** The longest reason that is stored, in characters. */
const MAX_REASON = 500;

/** Why, for the tables and for people. Messages of `PubSubError` show neither payloads nor secrets; those of other errors may. */
export function reasonOf(error: unknown): string {
  const text = error instanceof PubSubError ? `${error.code}: ${error.message}` : "UNKNOWN: not an error of anytopic";
  return text.replaceAll("\0", "").toWellFormed().slice(0, MAX_REASON);
}
