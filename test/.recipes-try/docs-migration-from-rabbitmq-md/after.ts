

































import { connect, defineSubscription, defineTopic, shutdownOnSignal } from "@anytopic/core";

const Orders = defineTopic<{ total: number }>("orders");
const Mail = defineSubscription(Orders, "mail", { maxConcurrency: 100 });

const pubsub = await connect("amqp://127.0.0.1:5672");
await pubsub.publish(Orders, { total: 3 });
await pubsub.subscribe(Mail, ({ total }) => console.log("mail for", total));
shutdownOnSignal(pubsub);
