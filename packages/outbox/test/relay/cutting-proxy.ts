import { createConnection, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A TCP proxy before a database. */
export interface CuttingProxy {
  /** The same URL through the proxy. */
  readonly url: string;
  /** How many connections were cut. */
  readonly cuts: number;
  /** Cuts so many connections: the server gets this text, and its answer is lost. */
  cutAfter(text: string, times: number): void;
}

export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const state = { text: "", times: 0, cuts: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection({ host: hostname, port: Number(port) });
    let isCut = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .on("close", () => {
          sockets.delete(socket);
          // What the client has sent last still arrives.
          if (socket === client) upstream.end();
          else client.destroy();
        });
    }
    client.on("data", (data) => {
      upstream.write(data);
      if (state.times === 0 || !data.includes(state.text)) return;
      state.times -= 1;
      isCut = true;
    });
    upstream.on("data", (data) => {
      if (!isCut) return void client.write(data);
      // The server has answered, so it has done it.
      state.cuts += 1;
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", () => resolve()));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as { readonly port: number }).port}`;
  return {
    url: url.href,
    get cuts() {
      return state.cuts;
    },
    cutAfter: (text, times) => void Object.assign(state, { text, times }),
  };
}
