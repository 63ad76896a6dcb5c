import type { Connection, ConnectionListener } from "../connection.ts";

/** The answer, or a rejection when the connection is lost first: then the answer never arrives. */
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
