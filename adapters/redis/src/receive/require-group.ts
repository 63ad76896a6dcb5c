import type { Connection } from "../connection.ts";
import { notFound, toPubSubError } from "../errors.ts";
import type { SubscriptionNames } from "../names.ts";

/** Waits for the connection, and checks that the subscription's group and its keys exist. */
export async function requireGroup(connection: Connection, names: SubscriptionNames): Promise<void> {
  const what = `group ${names.group} of stream ${names.stream}`;
  for (;;) {
    await connection.waitUntilConnected();
    try {
      for (const stream of [names.stream, names.again]) {
        const found = await connection.send(["XPENDING", stream, names.group]);
        if (found === null) throw notFound(what);
      }
      return;
    } catch (error) {
      const mapped = toPubSubError(error, what);
      if (mapped.code !== "UNAVAILABLE" || connection.connected) throw mapped;
    }
  }
}
