import { defineSubscription, defineTopic } from "@anytopic/core";

export interface Signup {
  readonly email: string;
}

export const Signups = defineTopic<Signup>("signups");
export const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");
