





























import { connect, defineSubscription, defineTopic, shutdownOnSignal } from "@anytopic/core";

const Orders = defineTopic<{ total: number }>("orders");
const Mail = defineSubscription(Orders, "mail");

const pubsub = await connect("redis://127.0.0.1:6379");
await pubsub.publish(Orders, { total: 3 }, { attributes: { source: "web" } });
await pubsub.subscribe(Mail, ({ total }) => console.log("mail for", total));
shutdownOnSignal(pubsub);
