// An application with one global connection, which is opened while the application is loaded.
import { setTimeout as realPause } from "node:timers/promises";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";

export const Signups = defineTopic<{ readonly account: string }>("signups");
export const Emails = defineTopic<{ readonly to: string }>("emails");
export const SendEmail = defineSubscription(Signups, "send-email");

/** This broker does not exist. */
export const pubsub = await connect("nats://nowhere.invalid:1", { publish: { maxPending: 5 } });
const emails = pubsub.publisher(Emails);

await pubsub.subscribe(SendEmail, async ({ account }) => {
  await realPause(1);
  await emails.publish({ to: account });
});

export async function signUp(account: string): Promise<string> {
  return await pubsub.publish(Signups, { account });
}
