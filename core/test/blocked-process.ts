/** Blocks its own event loop, and asks a health handler in the same turn, and again until it has recovered. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connect, healthHandler } from "@anytopic/core";

const maxBlockMs = Number(process.argv[2]);
const pubsub = await connect("memory:");
const handler = healthHandler(pubsub, { maxBlockMs });
const server = createServer((request, response) => {
  const answer = handler({ url: request.url ?? "/", method: "GET" });
  response.writeHead(answer.status);
  void answer.text().then((text) => response.end(text));
}).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/livez`;

// A block below the limit is nothing.
block(maxBlockMs / 2);
if ((await fetch(url)).status !== 200) throw new Error("a short block fails liveness");
const asked = fetch(url);
block(maxBlockMs * 1.3 + 1000);
const first: unknown = await (await asked).json();
let status = 503;
while (status === 503) {
  await delay(50);
  ({ status } = await fetch(url));
}
server.close();
await pubsub.close();
process.send?.([first, status]);
process.disconnect();

function block(forMs: number): void {
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs);
}
