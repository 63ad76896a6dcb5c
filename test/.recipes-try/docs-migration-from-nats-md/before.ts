






import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

const nc = await connect({ servers: "127.0.0.1:4222" });
const jsm = await jetstreamManager(nc);
await jsm.streams.add({ name: "ORDERS", subjects: ["orders"] });
await jsm.consumers.add("ORDERS", { durable_name: "mail", ack_policy: AckPolicy.Explicit, max_deliver: 5 });

const js = jetstream(nc);
await js.publish("orders", JSON.stringify({ total: 3 }));

const consumer = await js.consumers.get("ORDERS", "mail");
for await (const message of await consumer.consume()) {
  try {
    const order = message.json<{ total: number }>();
    console.log("mail for", order.total);
    message.ack();
  } catch {
    message.nak(10_000);
  }
}
