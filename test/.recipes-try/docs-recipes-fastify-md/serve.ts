












































































import { connect, shutdownOnSignal } from "@anytopic/core";
import { createApp, SendWelcomeEmail } from "./app.ts";

const pubsub = await connect(); // ANYTOPIC_URL, or anytopic.config.json
await pubsub.subscribe(SendWelcomeEmail, async ({ email }) => {
  // send the e-mail
});
const app = createApp(pubsub);
await app.listen({ host: "0.0.0.0", port: 8080 });

shutdownOnSignal(pubsub, { readinessDelayMs: 5000, onClosing: () => app.close() });
