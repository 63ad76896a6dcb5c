import type { Connection, ConnectionListener } from "../connection.ts";

/** What `answer` gives, or a rejection when the connection is lost before: what was asked on it is never answered. */
export async function untilLost<Answer>(connection: Connection, answer: Promise<Answer>): Promise<Answer> {
  const { promise: lost, reject } = Promise.withResolvers<never>();
  const listener: ConnectionListener = { disconnected: reject, closed: () => reject(connection.unavailable()) };
  connection.listen(listener);
  try {
    return await Promise.race([answer, lost]);
  } finally {
    connection.unlisten(listener);
  }
}
