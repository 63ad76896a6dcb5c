import { PubSubError, requireWithin } from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";
import type { Connection } from "../connection.ts";
import { untilLost } from "../connection/until-lost.ts";
import { toPubSubError } from "../errors.ts";
import { NANOSECONDS_PER_MS } from "../limits.ts";
import { type AckSubject, parseAckSubject } from "../wire/ack-subject.ts";
import { nextSubject, type PullSource } from "./pull-source.ts";

/** A message, the subject that it is settled on, and what this subject says. */
export interface Fetched {
  readonly message: Msg;
  readonly reply: string;
  readonly ack: AckSubject;
}

/** How long after the end of the request its last status may take. */
const GRACE_MS = 5000;

/** Makes one request to a consumer for up to `limit` messages, and waits up to `waitMs` for them. With 0 it takes only what is there. */
export async function fetchOnce(
  connection: Connection,
  source: PullSource,
  limit: number,
  waitMs: number,
): Promise<readonly Fetched[]> {
  const what = `fetch from consumer ${source.consumer} of stream ${source.stream}`;
  const { nc } = connection;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fetched: Fetched[] = [];
  const inbox = connection.newInbox();
  const subscription = nc.subscribe(inbox, {
    callback: (error, message) => {
      const reply = message.reply ?? "";
      if (error !== null) reject(toPubSubError(error, what));
      else if (reply !== "") {
        const ack = parseAckSubject(reply);
        if (ack !== undefined) fetched.push({ message, reply, ack });
        if (fetched.length === limit) resolve();
      } else {
        const { code, status = "no status" } = message.headers ?? {};
        if (code === 503) reject(new PubSubError("NOT_FOUND", `${what}: no such consumer`));
        else if (code === 404 || code === 408) resolve();
        else if (code !== 100) reject(new PubSubError("UNAVAILABLE", `${what}: ${status}`));
      }
    },
  });
  const waiting = waitMs === 0 ? '"no_wait":true' : `"expires":${waitMs * NANOSECONDS_PER_MS}`;
  try {
    nc.publish(nextSubject(connection, source), `{"batch":${limit},${waiting}}`, { reply: inbox });
    const late = (): PubSubError => new PubSubError("TIMEOUT", `${what}: no answer`);
    await requireWithin(connection.context.clock, waitMs + GRACE_MS, untilLost(connection, promise), late);
    return fetched;
  } finally {
    subscription.unsubscribe();
  }
}
