import { PubSubError } from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";
import { type ApiError, fromApiError } from "../errors.ts";

/** What the server answered to a publish. */
export type PubAckOutcome = "stored" | "no-responders" | ApiError;

const SMALL_S = 115;
const NO_RESPONDERS = 503;

/**
 * Reads the start of a PubAck: success is `{"stream":…`, and any other answer begins with its error. It is not parsed as
 * a whole, because this runs for every message.
 */
export function readPubAck(reply: Msg): PubAckOutcome {
  const { data } = reply;
  if (data.length > 2 && data[2] === SMALL_S) return "stored";
  if (data.length === 0 && reply.headers?.code === NO_RESPONDERS) return "no-responders";
  const { error } = parseReply(data) as { readonly error?: ApiError };
  return error ?? "stored";
}

/** The stream sequence of a stored message. */
export function sequenceOf(reply: Msg): number {
  const { seq } = parseReply(reply.data) as { readonly seq?: number };
  if (typeof seq === "number") return seq;
  throw new PubSubError("UNKNOWN", "the server's publish acknowledgement has no sequence");
}

/** The error of an outcome that is not a success. */
export function pubAckError(outcome: "no-responders" | ApiError, what: string): PubSubError {
  if (outcome !== "no-responders") return fromApiError(outcome, what);
  return new PubSubError(
    "NOT_FOUND",
    `${what}: no stream stores this subject; create the topic with "anytopic apply" or provisioning "ensure"`,
  );
}

function parseReply(data: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString());
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Not JSON: not JetStream's answer.
  }
  throw new PubSubError("UNKNOWN", "something other than a JetStream stream answered the publish");
}
