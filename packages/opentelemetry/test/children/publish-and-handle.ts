// Publishes and handles two messages, one of them twice, and prints which instrumentation made which span.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { openTelemetry } from "@anytopic/opentelemetry";

interface SpanLike {
  readonly name: string;
  readonly instrumentationScope: { readonly name: string };
}

const [url = "", options = "{}", quietClients = "true"] = process.argv.slice(2);
const { endedSpans } = globalThis as unknown as { readonly endedSpans: () => readonly SpanLike[] };

const pubsub = await connect(url, {
  adapterOptions: JSON.parse(options) as unknown,
  instrumentation: [openTelemetry({ quietClients: quietClients === "true", metrics: false })],
});
const topic = defineTopic<number>(`t${process.pid}-${Date.now().toString(36)}`);
const retryPolicy = { minBackoffMs: 1000, maxBackoffMs: 1000, maxRetries: 2 };
const subscription = defineSubscription(topic, "workers", { retryPolicy });
const server = createServer((_request, response) => void response.end()).listen(0, "127.0.0.1");
await once(server, "listening");
const handled = Promise.withResolvers<void>();
let left = 2;
let failed = false;
await pubsub.subscribe(subscription, async (event) => {
  if (event === 1 && !failed) {
    failed = true;
    throw new Error("once");
  }
  // What a handler calls is traced: it is not the broker's client.
  await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)).text();
  left -= 1;
  if (left === 0) handled.resolve();
});
await pubsub.publish(topic, 1);
await pubsub.publish(topic, 2);
await handled.promise;
await pubsub.close();

const counts: Record<string, number> = {};
for (const { name, instrumentationScope } of endedSpans()) {
  const key = `${instrumentationScope.name.split("/").at(-1)} ${name.split(" ")[0]}`;
  counts[key] = (counts[key] ?? 0) + 1;
}
process.stdout.write(JSON.stringify(counts));
process.exit(0);
