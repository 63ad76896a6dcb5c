







import { defineSubscription, defineTopic } from "@anytopic/core";

export const Signups = defineTopic<{ email: string }>("signups");
export const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email", { maxConcurrency: 20 });
