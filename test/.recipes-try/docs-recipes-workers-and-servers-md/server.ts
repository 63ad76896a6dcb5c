














import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";
import { healthHandler, type PubSub } from "@anytopic/core";
import { Signups } from "./topics.ts";

export function startServer(pubsub: PubSub, port: number): Server {
  const probes = healthHandler(pubsub);
  return createServer(async (request, response) => {
    if (request.method !== "POST") {
      const answer = probes({ url: request.url ?? "/", method: request.method ?? "GET" });
      response.writeHead(answer.status).end(await answer.text());
      return;
    }
    try {
      await pubsub.publish(Signups, (await json(request)) as { email: string });
      response.writeHead(202).end();
    } catch {
      response.writeHead(503).end();
    }
  }).listen(port);
}
