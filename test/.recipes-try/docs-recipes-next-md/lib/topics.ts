









import { defineSubscription, defineTopic } from "@anytopic/core";
import { z } from "zod";

export const Signups = defineTopic("signups", { schema: z.object({ email: z.email() }) });
export const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");
