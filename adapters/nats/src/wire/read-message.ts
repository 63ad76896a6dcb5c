import type { Msg, MsgHdrs } from "@nats-io/nats-core";
import {
  decodeHeaders,
  idMetadata,
  MAX_FOREIGN_ID_LENGTH,
  MESSAGE_ID,
  type Metadata,
  type Origin,
  unreadable,
} from "../codec.ts";
import { redriveTargetOf } from "../names.ts";

/** The bytes that the client keeps of a message. They are not part of its types, so each part is checked before use. */
interface Received {
  /** Headers and body. */
  readonly _rdata?: unknown;
  readonly _msg?: { readonly hdr?: unknown; readonly subject?: unknown };
}

const PLAIN_START = `NATS/1.0\r\n${MESSAGE_ID}: `;
const BLOCK_END = "\r\n\r\n";
/** Only the full reader judges these: bytes that are not UTF-8, and a CR or LF alone. */
const NOT_PLAIN = /[\uFFFD\r\n]/;
const NO_BYTES = new Uint8Array(0);

/** Reads a message of a topic's stream. Its subject decides whether it was redriven, and to which subscription. */
export function decodeMessage(message: Msg): Metadata {
  const redrivenTo = redriveTarget(message);
  if (redrivenTo !== undefined) return { ...decodeHeadersOf(message, "redriven"), redrivenTo };
  const id = plainId(message);
  if (id === undefined || id.length > MAX_FOREIGN_ID_LENGTH) return decodeHeadersOf(message, "event");
  return idMetadata(id);
}

/** Reads the headers of a message from the server. Never throws. */
export function decodeHeadersOf(message: Msg, origin: Origin): Metadata {
  const { _rdata: bytes, _msg: frame } = message as Msg & Received;
  if (typeof frame?.hdr === "number" && bytes instanceof Uint8Array)
    return decodeHeaders(frame.hdr > 0 ? bytes.subarray(0, frame.hdr) : NO_BYTES, origin);
  // For a client version without these bytes: its header class, which may throw.
  try {
    const headers = message.headers as (MsgHdrs & { encode(): Uint8Array }) | undefined;
    return decodeHeaders(headers?.encode() ?? NO_BYTES, origin);
  } catch {
    return unreadable("the client cannot read its headers", NO_BYTES);
  }
}

/**
 * The id of a message that has no other header, as nearly every message. Reading it from the client's bytes is six times
 * as fast as the client's header class.
 *
 * @returns undefined for any other message, and for a client version without these bytes
 */
export function plainId(message: Msg): string | undefined {
  const { _rdata: bytes, _msg: frame } = message as Msg & Received;
  const length = frame?.hdr;
  if (typeof length !== "number" || length <= PLAIN_START.length || !Buffer.isBuffer(bytes)) return undefined;
  const block = bytes.toString("utf8", 0, length);
  const end = block.length - BLOCK_END.length;
  if (!block.startsWith(PLAIN_START) || block.indexOf("\r\n", PLAIN_START.length) !== end) return undefined;
  const id = block.slice(PLAIN_START.length, end).trim();
  return NOT_PLAIN.test(id) ? undefined : id;
}

/**
 * The subscription that a message was redriven to; undefined for a published message. Only the subject is trusted: the
 * server decides who may publish to it, while any publisher can write any header.
 */
function redriveTarget(message: Msg): string | undefined {
  const { _msg: frame } = message as Msg & Received;
  const subject = frame?.subject;
  if (!(subject instanceof Uint8Array)) return redriveTargetOf(message.subject);
  if (isSame(subject, lastPlain)) return undefined;
  const target = redriveTargetOf(message.subject);
  // A copy: the frame is a view of the connection's buffer.
  if (target === undefined) lastPlain = Uint8Array.from(subject);
  return target;
}

/** The latest subject of a published message. It is the same for all messages of a topic, which saves decoding it. */
let lastPlain = new Uint8Array(0);

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
