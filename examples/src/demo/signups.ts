import { defineSubscription, defineTopic } from "@anytopic/core";
import { z } from "zod";

const SignupEvent = z.object({ userId: z.int(), email: z.string(), plan: z.enum(["free", "team"]) });

export type SignupEvent = z.infer<typeof SignupEvent>;

/** Somebody signed up. No broker is named here. */
export const Signups = defineTopic("demo-signups", { schema: SignupEvent });

export const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email", {
  retryPolicy: { minBackoffMs: 500, maxBackoffMs: 2000, maxRetries: 10 },
});

export const CountSignups = defineSubscription(Signups, "count-signups");
