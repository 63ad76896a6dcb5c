






import { defineSubscription, defineTopic, healthHandler, PubSubError, type PubSub } from "@anytopic/core";
import express, { type ErrorRequestHandler, type Express } from "express";
import { z } from "zod";

export const Signups = defineTopic("signups", { schema: z.object({ email: z.email() }) });
export const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");

const toStatus: ErrorRequestHandler = (error, _request, response, next) => {
  if (!(error instanceof PubSubError)) return next(error);
  if (error.code === "INVALID_MESSAGE") response.status(400).json({ error: error.message });
  else response.status(error.retryable ? 503 : 500).json({ error: error.code });
};

export function createApp(pubsub: PubSub): Express {
  const app = express();
  app.post("/signups", express.json(), async (request, response) => {
    await pubsub.publish(Signups, request.body);
    response.status(202).json({ accepted: true });
  });

  const probes = healthHandler(pubsub);
  app.get(["/livez", "/readyz"], async (request, response) => {
    const answer = probes({ url: request.originalUrl, method: request.method });
    response
      .status(answer.status)
      .type("json")
      .send(await answer.text());
  });

  app.use(toStatus);
  return app;
}
