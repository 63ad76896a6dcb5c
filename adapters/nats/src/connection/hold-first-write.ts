import type { Socket } from "node:net";
import type { Clock } from "@anytopic/core/driver";

/** Long enough for what a server says right behind its greeting, in ms. */
const HOLD_MS = 3;

/**
 * Holds what is written first for a moment. A server that refuses a connection says why right behind its greeting, and
 * closes. An answer to the greeting would meet the closed connection: the socket then ends with EPIPE, its words unread.
 */
export function holdFirstWrite(socket: Socket, clock: Clock): void {
  const held: (() => void)[] = [];
  const write = socket.write.bind(socket) as (...args: readonly unknown[]) => boolean;
  const release = (): void => {
    Reflect.deleteProperty(socket, "write");
    if (!socket.destroyed) for (const send of held) send();
  };
  socket.write = (...args: readonly unknown[]): boolean => {
    if (held.length === 0) clock.setTimer(release, HOLD_MS, true);
    held.push(() => void write(...args));
    return true;
  };
}
