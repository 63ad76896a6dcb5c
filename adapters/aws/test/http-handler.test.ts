import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { httpHandler } from "../src/connection/http-handler.ts";

const REQUESTS = 6;

/** The number of sockets for `REQUESTS` requests at the same time, to a server that answers when it has `atOnce` of them. */
async function socketsFor(maxSockets: number, atOnce: number): Promise<number> {
  let sockets = 0;
  const held: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    held.push(response);
    if (held.length === atOnce) for (const one of held.splice(0)) one.end("{}");
  });
  server.on("connection", () => (sockets += 1));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const handler = await httpHandler({ maxSockets, requestTimeoutMs: 10_000 });
  const to = { protocol: "http:", hostname: "127.0.0.1", port, path: "/", method: "POST", headers: {}, query: {} };
  const request = async (): Promise<void> => {
    const { response } = await handler.handle({ ...to, body: "{}" } as Parameters<typeof handler.handle>[0]);
    response.body.resume();
  };
  await Promise.all(Array.from({ length: REQUESTS }, request));
  handler.destroy();
  server.close();
  return sockets;
}

test("requests of one client share maxSockets sockets, again and again", async () => {
  expect(await socketsFor(2, 2)).toBe(2);
});

test("long polls have a socket each", async () => {
  expect(await socketsFor(Number.POSITIVE_INFINITY, REQUESTS)).toBe(REQUESTS);
});
