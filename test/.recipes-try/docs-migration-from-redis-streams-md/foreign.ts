
































































import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { createClient } from "@redis/client";

const Orders = defineTopic<{ total: number }>("orders");
const Mail = defineSubscription(Orders, "mail");

await using pubsub = await connect(); // ANYTOPIC_URL
const { promise: handled, resolve: done } = Promise.withResolvers<boolean>();
let expected = "";
await pubsub.subscribe(Mail, ({ total }, { id, attributes }) => {
  console.log(total, attributes);
  done(id === expected);
});

const client = await createClient({ url: process.env["ANYTOPIC_URL"] ?? "redis://127.0.0.1:6379" }).connect();
const entry = "1893456000000-0"; // instead of "*", to know the id before
expected = `orders:${entry}`;
await client.xAdd("orders", entry, { data: JSON.stringify({ total: 3 }), source: "web" });

console.log("the id is <stream>:<entry>:", await handled);
await client.close();
