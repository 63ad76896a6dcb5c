






import { createClient } from "@redis/client";

const client = await createClient({ url: "redis://127.0.0.1:6379" }).connect();
await client.xGroupCreate("orders", "mail", "$", { MKSTREAM: true }).catch(() => undefined);

await client.xAdd("orders", "*", { data: JSON.stringify({ total: 3 }), source: "web" });

for (;;) {
  const replies = await client.xReadGroup("mail", "worker-1", { key: "orders", id: ">" }, { COUNT: 10, BLOCK: 5000 });
  for (const { messages } of (replies as { messages: { id: string; message: Record<string, string> }[] }[] | null) ?? []) {
    for (const { id, message } of messages) {
      const order = JSON.parse(message["data"] ?? "") as { total: number };
      console.log("mail for", order.total);
      await client.xAck("orders", "mail", id);
    }
  }
  // What a worker that died has left behind: XAUTOCLAIM, and a count of its deliveries, somewhere else.
}
