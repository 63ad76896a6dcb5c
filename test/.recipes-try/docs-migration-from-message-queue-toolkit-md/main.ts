


































































import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { z } from "zod";

const Signup = z.object({ id: z.string(), messageType: z.literal("user.signed-up"), email: z.email() });
const Signups = defineTopic("signups", { schema: Signup });
const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");

await using pubsub = await connect("memory:"); // in production aws://eu-west-1
const { promise: welcomed, resolve: welcome } = Promise.withResolvers<string>();
await pubsub.subscribe(SendWelcomeEmail, ({ email }) => welcome(email));
await pubsub.publish(Signups, { id: "s1", messageType: "user.signed-up", email: "ada@example.com" });
console.log("welcome,", await welcomed);
