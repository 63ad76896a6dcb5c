




















































































import { connect, shutdownOnSignal } from "@anytopic/core";
import { createApp, SendWelcomeEmail } from "./app.ts";

const pubsub = await connect(); // ANYTOPIC_URL, or anytopic.config.json
await pubsub.subscribe(SendWelcomeEmail, async ({ email }) => {
  // send the e-mail
});
const server = createApp(pubsub).listen(8080);

shutdownOnSignal(pubsub, {
  readinessDelayMs: 5000,
  onClosing: () => new Promise((resolve) => server.close(() => resolve())),
});
