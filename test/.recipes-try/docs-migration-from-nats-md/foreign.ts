








































































import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { jetstream } from "@nats-io/jetstream";
import { headers } from "@nats-io/nats-core";
import { connect as connectNats } from "@nats-io/transport-node";

const Orders = defineTopic<{ total: number }>("orders");
const Mail = defineSubscription(Orders, "mail");

await using pubsub = await connect(); // ANYTOPIC_URL
const { promise: handled, resolve: done } = Promise.withResolvers<void>();
await pubsub.subscribe(Mail, ({ total }, { id, attributes, native }) => {
  console.log(total, attributes, id, (native as { subject: string }).subject);
  done();
});

const nc = await connectNats({ servers: process.env["ANYTOPIC_URL"] ?? "127.0.0.1:4222" });
const hdrs = headers();
hdrs.set("source", "web");
await jetstream(nc).publish("orders", JSON.stringify({ total: 3 }), { headers: hdrs });

await handled;
await nc.close();
