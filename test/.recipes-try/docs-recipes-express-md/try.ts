













































import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "@anytopic/core";
import { createApp, SendWelcomeEmail } from "./app.ts";

const pubsub = await connect("memory:");
const { promise: welcomed, resolve: welcome } = Promise.withResolvers<string>();
await pubsub.subscribe(SendWelcomeEmail, ({ email }) => welcome(email));

const server = createServer(createApp(pubsub)).listen(0);
const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
const post = async (body: unknown) =>
  await fetch(`${origin}/signups`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

console.log((await post({ email: "ada@example.com" })).status);
console.log("welcome,", await welcomed);

const wrong = await post({ email: "nobody" });
console.log(wrong.status, await wrong.text());
console.log((await fetch(`${origin}/readyz`)).status);

await new Promise((closed) => server.close(closed));
await pubsub.close();
