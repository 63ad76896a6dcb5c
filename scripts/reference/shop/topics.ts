import { defineSubscription, defineTopic } from "@anytopic/core";

export const Signups = defineTopic<{ accountId: string }>("signups", { orderingKey: (event) => event.accountId });
export const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email", {
  retryPolicy: { maxRetries: 20 },
});
