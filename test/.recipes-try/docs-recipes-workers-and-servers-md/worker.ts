






































import { createServer, type Server } from "node:http";
import { healthHandler, type PubSub } from "@anytopic/core";
import { SendWelcomeEmail } from "./topics.ts";

export async function startWorker(pubsub: PubSub, probePort: number): Promise<Server> {
  await pubsub.subscribe(SendWelcomeEmail, async ({ email }) => {
    console.log("welcome,", email);
  });
  const probes = healthHandler(pubsub);
  return createServer(async (request, response) => {
    const answer = probes({ url: request.url ?? "/", method: request.method ?? "GET" });
    response.writeHead(answer.status).end(await answer.text());
  }).listen(probePort);
}
