






import { defineSubscription, defineTopic, healthHandler, PubSubError, type PubSub } from "@anytopic/core";
import fastify, { type FastifyInstance } from "fastify";
import { z } from "zod";

const Signup = z.object({ email: z.email() });
export const Signups = defineTopic("signups", { schema: Signup });
export const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");

export function createApp(pubsub: PubSub): FastifyInstance {
  const app = fastify();
  app.addHook("onClose", () => pubsub.close());

  app.post<{ Body: z.input<typeof Signup> }>("/signups", async (request, reply) => {
    await pubsub.publish(Signups, request.body);
    return await reply.code(202).send({ accepted: true });
  });

  const probes = healthHandler(pubsub);
  app.get("/livez", ({ url, method }) => probes({ url, method }));
  app.get("/readyz", ({ url, method }) => probes({ url, method }));

  app.setErrorHandler(async (error, _request, reply) => {
    if (!(error instanceof PubSubError)) throw error;
    if (error.code === "INVALID_MESSAGE") return await reply.code(400).send({ error: error.message });
    return await reply.code(error.retryable ? 503 : 500).send({ error: error.code });
  });
  return app;
}
