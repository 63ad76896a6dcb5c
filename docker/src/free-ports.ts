import { createServer } from "node:net";

// Below the ephemeral ranges of Linux (32768) and macOS (49152). A port taken from those ranges can be
// lost to an outgoing connection while its broker is down, and a client that keeps reconnecting to
// such a port on the loopback interface can even end up connected to itself.
const FIRST_PORT = 20_000;
const BLOCKS = 300;
const BLOCK_PORTS = 40;
const LAST_PORT = FIRST_PORT + BLOCKS * BLOCK_PORTS;

// Test workers start together and have neighbouring process ids, so each one starts to search in its own block of
// ports.
let nextPort = FIRST_PORT + (process.pid % BLOCKS) * BLOCK_PORTS;

/**
 * Finds `count` ports of 127.0.0.1 on which nothing listens now. The ports are not reserved: a caller that starts a
 * server on one must be ready to ask again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let tried = 0; tried < LAST_PORT - FIRST_PORT && found.length < count; tried++) {
    const port = nextPort++;
    if (nextPort >= LAST_PORT) nextPort = FIRST_PORT;
    if (await isFree(port)) found.push(port);
  }
  if (found.length < count) {
    throw new Error(`no ${count} free ports between ${FIRST_PORT} and ${LAST_PORT}`);
  }
  return found;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
