import { connect } from "node:net";
import { PROBE_MS } from "./probe.ts";

/**
 * Connects, sends `greeting`, and collects the answer until `isWhole` says it is complete.
 * `undefined` when the connection fails, ends early or stays silent.
 */
export function readFirstBytes(
  host: string,
  port: number,
  greeting: Buffer,
  isWhole: (bytes: Buffer) => boolean,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let bytes = Buffer.alloc(0);
    const finish = (result: Buffer | undefined): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(PROBE_MS, () => finish(undefined));
    socket.on("error", () => finish(undefined));
    socket.on("close", () => finish(undefined));
    socket.on("connect", () => socket.write(greeting));
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (isWhole(bytes)) finish(bytes);
    });
  });
}
