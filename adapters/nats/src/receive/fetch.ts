import { PubSubError, requireWithin } from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";
import type { Connection } from "../connection.ts";
import { toPubSubError } from "../errors.ts";
import { NANOSECONDS_PER_MS } from "../limits.ts";
import type { PullSource } from "./pull-loop.ts";
import { untilLost } from "../connection/until-lost.ts";

/** A message with the subject it is settled on. */
export interface Fetched {
  readonly message: Msg;
  readonly reply: string;
}

/** How long past the end of the request its last word may take. */
const GRACE_MS = 5000;

/** One request to a consumer: up to `limit` messages, waiting up to `waitMs` for them; with 0, only what is there. */
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
        fetched.push({ message, reply });
        if (fetched.length === limit) resolve();
      } else if (message.headers?.code === 503) reject(new PubSubError("NOT_FOUND", `${what}: no such consumer`));
      else if (message.headers?.code === 404 || message.headers?.code === 408) resolve();
      else if (message.headers?.code !== 100)
        reject(new PubSubError("UNAVAILABLE", `${what}: ${message.headers?.status ?? "no status"}`));
    },
  });
  const waiting = waitMs === 0 ? '"no_wait":true' : `"expires":${waitMs * NANOSECONDS_PER_MS}`;
  try {
    nc.publish(
      `${connection.apiPrefix}.CONSUMER.MSG.NEXT.${source.stream}.${source.consumer}`,
      `{"batch":${limit},${waiting}}`,
      { reply: inbox },
    );
    const late = (): PubSubError => new PubSubError("TIMEOUT", `${what}: no answer`);
    await requireWithin(connection.context.clock, waitMs + GRACE_MS, untilLost(connection, promise), late);
    return fetched;
  } finally {
    subscription.unsubscribe();
  }
}
