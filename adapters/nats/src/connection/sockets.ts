import { createConnection, type Socket } from "node:net";
import { type Clock, PubSubError } from "@anytopic/core/driver";

/** How long the first write is held: enough for what a server sends directly after its greeting, in ms. */
const HOLD_MS = 3;
/** The same over TLS, where the server demands a certificate of the client, in ms. */
const CERTIFICATE_HOLD_MS = 100;

export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** Opens the sockets of a client, and can destroy every one that may be open. */
export class Sockets {
  readonly #clock: Clock;
  #sockets: Socket[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when it is connected. */
  open({ port, hostname }: Address): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const socket = createConnection(port, hostname);
    this.#sockets = [...this.#sockets.filter(({ destroyed }) => !destroyed), socket];
    let failure: Error | undefined;
    const failed = (error: Error): void => void (failure = error);
    const closed = (): void => reject(failure ?? new PubSubError("UNAVAILABLE", "the connection was closed"));
    socket.on("error", failed);
    socket.on("close", closed);
    socket.on("connect", () => {
      socket.off("error", failed);
      socket.off("close", closed);
      resolve(socket);
    });
    socket.setNoDelay(true);
    holdFirstWrite(socket, this.#clock, HOLD_MS);
    return promise;
  }

  /**
   * Holds the first writes on a connection whose server demands a certificate. With TLS 1.3 a server that misses it says so only after
   * the client's handshake is complete.
   */
  holdForCertificate(socket: Socket): void {
    holdFirstWrite(socket, this.#clock, CERTIFICATE_HOLD_MS);
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * Holds the first writes for a moment. A server that refuses a connection gives the reason directly after its greeting,
 * and closes. If the client's answer to the greeting meets the closed connection, the socket ends with EPIPE, and the
 * reason is never read.
 */
function holdFirstWrite(socket: Socket, clock: Clock, holdMs: number): void {
  const held: (() => void)[] = [];
  const write = socket.write.bind(socket) as (...args: readonly unknown[]) => boolean;
  const release = (): void => {
    Reflect.deleteProperty(socket, "write");
    if (!socket.destroyed) for (const send of held) send();
  };
  socket.write = (...args: readonly unknown[]): boolean => {
    if (held.length === 0) clock.setTimer(release, holdMs, true);
    held.push(() => void write(...args));
    return true;
  };
}
