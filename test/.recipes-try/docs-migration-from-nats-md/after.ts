
































import { connect, defineSubscription, defineTopic, shutdownOnSignal } from "@anytopic/core";

const Orders = defineTopic<{ total: number }>("orders");
const Mail = defineSubscription(Orders, "mail", { retryPolicy: { minBackoffMs: 10_000, maxRetries: 4 } });

const pubsub = await connect("nats://127.0.0.1:4222");
await pubsub.publish(Orders, { total: 3 });
await pubsub.subscribe(Mail, ({ total }) => console.log("mail for", total));
shutdownOnSignal(pubsub);
