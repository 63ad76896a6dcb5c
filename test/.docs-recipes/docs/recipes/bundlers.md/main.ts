import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { adapterModule as memory } from "@anytopic/memory";
import { adapterModule as nats } from "@anytopic/nats";

const Signups = defineTopic<{ email: string }>("signups");
const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");

// The URL still decides: ANYTOPIC_URL, or anytopic.config.json
const pubsub = await connect(process.env["ANYTOPIC_URL"] ?? "memory:", { adapters: [memory, nats] });

const { promise: welcomed, resolve: welcome } = Promise.withResolvers<string>();
await pubsub.subscribe(SendWelcomeEmail, ({ email }) => welcome(email));
await pubsub.publish(Signups, { email: "ada@example.com" });
console.log("welcome,", await welcomed);

await pubsub.close();
