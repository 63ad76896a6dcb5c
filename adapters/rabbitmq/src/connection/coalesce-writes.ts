import { Socket } from "node:net";
import type { ChannelModel } from "amqplib";

/**
 * Sends all frames that amqplib writes in one turn of the event loop in one system call. amqplib writes each frame alone, which
 * without Nagle's algorithm is a system call and a packet each: a third of the time of a publish. The socket is not part of
 * amqplib's types; without it everything works, but slower.
 */
export function coalesceWrites(model: ChannelModel): void {
  const { stream } = model.connection as { readonly stream?: unknown };
  if (!(stream instanceof Socket)) return;
  const write = stream.write.bind(stream);
  let corked = false;
  const uncork = (): void => {
    corked = false;
    stream.uncork();
  };
  stream.write = (chunk: Uint8Array | string): boolean => {
    if (!corked) {
      corked = true;
      stream.cork();
      process.nextTick(uncork);
    }
    return write(chunk);
  };
}
