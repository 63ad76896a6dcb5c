






































import { createServer, type Server } from "node:http";
import { healthHandler, type PubSub } from "@anytopic/core";
import { SendWelcomeEmail } from "./topics.ts";

export type SendEmail = (to: string) => void | Promise<void>;

export async function startWorker(pubsub: PubSub, send: SendEmail, probePort: number): Promise<Server> {
  await pubsub.subscribe(SendWelcomeEmail, ({ email }) => send(email));
  const probes = healthHandler(pubsub);
  return createServer(async (request, response) => {
    const answer = probes({ url: request.url ?? "/", method: request.method ?? "GET" });
    response.writeHead(answer.status).end(await answer.text());
  }).listen(probePort);
}
