import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

import { WebSocketServer } from "ws";

import type { Chat } from "./chat.ts";
import { readPage } from "./page-files.ts";
import { serveVisitor } from "./visitor.ts";

/** The largest message of a browser: a text of 2,000 characters and what is around it. */
const MAX_MESSAGE_BYTES = 16_384;

export interface ChatServer extends AsyncDisposable {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
}

/** The page, and its WebSocket at `/socket`. */
export async function serveChat(chat: Chat, port: number): Promise<ChatServer> {
  const page = await readPage();
  const server = createServer((request, response) => {
    const file = page.get(new URL(request.url ?? "/", "http://localhost").pathname);
    response.writeHead(file === undefined ? 404 : 200, file?.headers).end(file?.text);
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  server.on("upgrade", (request, socket, head) => {
    if (request.url !== "/socket" || !isOwnPage(request)) socket.destroy();
    else sockets.handleUpgrade(request, socket, head, (opened) => serveVisitor(opened, chat));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.close(1001, "the server ends");
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Browsers let any site open a WebSocket to any address: only the page of this server may. */
function isOwnPage({ headers: { origin, host } }: IncomingMessage): boolean {
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}
