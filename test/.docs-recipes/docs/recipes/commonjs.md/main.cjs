const { connect, defineSubscription, defineTopic, shutdownOnSignal } = require("@anytopic/core");

const Signups = defineTopic("signups");
const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");

async function main() {
  const pubsub = await connect(process.env.ANYTOPIC_URL ?? "memory:");
  shutdownOnSignal(pubsub, { timeoutMs: 20_000 });

  const welcomed = new Promise((resolve) => {
    void pubsub.subscribe(SendWelcomeEmail, async ({ email }) => resolve(email));
  });
  await pubsub.publish(Signups, { email: "ada@example.com" });
  console.log("welcome,", await welcomed);

  await pubsub.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
