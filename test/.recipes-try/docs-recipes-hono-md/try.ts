









































import { connect } from "@anytopic/core";
import { createApp, SendWelcomeEmail } from "./app.ts";

await using pubsub = await connect("memory:");
const { promise: welcomed, resolve: welcome } = Promise.withResolvers<string>();
await pubsub.subscribe(SendWelcomeEmail, ({ email }) => welcome(email));

const app = createApp(pubsub);
const post = async (body: unknown) => await app.request("/signups", { method: "POST", body: JSON.stringify(body) });

console.log((await post({ email: "ada@example.com" })).status);
console.log("welcome,", await welcomed);

const wrong = await post({ email: "nobody" });
console.log(wrong.status, await wrong.text());
console.log((await app.request("/readyz")).status);
