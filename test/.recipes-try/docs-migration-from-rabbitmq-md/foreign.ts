









































































import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { connect as connectAmqp } from "amqplib";

const Orders = defineTopic<{ total: number }>("orders");
const Mail = defineSubscription(Orders, "mail");

await using pubsub = await connect(); // ANYTOPIC_URL
const { promise: handled, resolve: done } = Promise.withResolvers<void>();
await pubsub.subscribe(Mail, ({ total }, { id, attributes }) => {
  console.log(total, attributes, id);
  done();
});

const connection = await connectAmqp(process.env["ANYTOPIC_URL"] ?? "amqp://127.0.0.1:5672");
const channel = await connection.createConfirmChannel();
await channel.assertExchange("shop", "topic", { durable: true });
await channel.bindExchange("orders", "shop", "order.*"); // to the topic, from the old exchange

const body = Buffer.from(JSON.stringify({ total: 3 }));
channel.publish("shop", "order.placed", body, { persistent: true, messageId: "order-7", headers: { source: "web" } });
await channel.waitForConfirms();

await handled;
await connection.close();
