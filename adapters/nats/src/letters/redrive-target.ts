import type { Msg } from "@nats-io/nats-core";
import { REDRIVE } from "../names.ts";

/**
 * The subscription that a message of a topic's stream was redriven to; undefined when it was published for all. Only the
 * subject tells: who may publish there is the server's to decide, while any publisher can write any header.
 */
export function redriveTarget(message: Msg): string | undefined {
  // The frame is the client's own, and not part of its types: without it, the subject is decoded.
  const { _msg: frame } = message as Msg & { readonly _msg?: { readonly subject?: unknown } };
  const subject = frame?.subject;
  if (!(subject instanceof Uint8Array)) return redriveTargetOf(message.subject);
  if (isSame(subject, lastPlain)) return undefined;
  const target = redriveTargetOf(message.subject);
  // A copy: the frame is a view of what the connection received.
  if (target === undefined) lastPlain = Uint8Array.from(subject);
  return target;
}

/** No name of a topic or subscription contains a dot, so that what follows the last `.redrive.` is the subscription. */
export function redriveTargetOf(subject: string): string | undefined {
  const start = subject.lastIndexOf(REDRIVE);
  return start === -1 ? undefined : subject.slice(start + REDRIVE.length);
}

/** The latest subject of a published message: the same for all messages of one topic, so it is remembered. */
let lastPlain = new Uint8Array(0);

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
