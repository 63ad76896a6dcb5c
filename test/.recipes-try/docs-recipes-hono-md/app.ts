






import { defineSubscription, defineTopic, healthHandler, PubSubError, type PubSub } from "@anytopic/core";
import { Hono } from "hono";
import { z } from "zod";

export const Signups = defineTopic("signups", { schema: z.object({ email: z.email() }) });
export const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");

export function createApp(pubsub: PubSub): Hono {
  const app = new Hono();
  app.post("/signups", async (context) => {
    await pubsub.publish(Signups, await context.req.json());
    return context.json({ accepted: true }, 202);
  });

  const probes = healthHandler(pubsub);
  app.get("/livez", (context) => probes(context.req.raw));
  app.get("/readyz", (context) => probes(context.req.raw));

  app.onError((error, context) => {
    if (!(error instanceof PubSubError)) throw error;
    if (error.code === "INVALID_MESSAGE") return context.json({ error: error.message }, 400);
    return context.json({ error: error.code }, error.retryable ? 503 : 500);
  });
  return app;
}
