import type { Channel } from "amqplib";
import { closeWithin } from "./channels.ts";
import type { Connection } from "../connection.ts";

/** Runs `use` on a channel of its own: one failed declaration closes the channel it was made on. */
export async function withChannel<Result>(
  connection: Connection,
  use: (channel: Channel) => Promise<Result>,
): Promise<Result> {
  const channel = await connection.openChannel();
  try {
    return await use(channel);
  } finally {
    await closeWithin(connection.context.clock, channel);
  }
}
