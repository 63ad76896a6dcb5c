









import { defineSubscription, defineTopic } from "@anytopic/core";
import { z } from "zod";

const Signup = z.object({ email: z.email() });
export type Signup = z.input<typeof Signup>;
export const Signups = defineTopic("signups", { schema: Signup });
export const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");
