






import { connect } from "amqplib";

const connection = await connect("amqp://127.0.0.1:5672");
const channel = await connection.createConfirmChannel();
await channel.assertExchange("shop", "topic", { durable: true });
await channel.assertQueue("mail", { durable: true });
await channel.bindQueue("mail", "shop", "order.*");
await channel.prefetch(100);

channel.publish("shop", "order.placed", Buffer.from(JSON.stringify({ total: 3 })), { persistent: true });
await channel.waitForConfirms();

await channel.consume("mail", (message) => {
  if (message === null) return; // the broker has cancelled the consumer
  try {
    const order = JSON.parse(message.content.toString()) as { total: number };
    console.log("mail for", order.total);
    channel.ack(message);
  } catch {
    channel.nack(message, false, false); // no retry: it goes to a dead-letter exchange, or away
  }
});
