














import { connect, defineSubscription, defineTopic } from "@anytopic/core";

const Signups = defineTopic<{ email: string }>("signups");
const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");

const pubsub = await connect("memory:"); // 1. connect once, when the program starts
await pubsub.subscribe(SendWelcomeEmail, ({ email }) => console.log("welcome,", email)); // 2. handlers
await pubsub.publish(Signups, { email: "ada@example.com" }); // 3. requests publish, and await it
await pubsub.close(); // 4. close last
