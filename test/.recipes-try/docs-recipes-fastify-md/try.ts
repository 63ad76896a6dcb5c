












































import { connect } from "@anytopic/core";
import { createApp, SendWelcomeEmail } from "./app.ts";

const pubsub = await connect("memory:");
const { promise: welcomed, resolve: welcome } = Promise.withResolvers<string>();
await pubsub.subscribe(SendWelcomeEmail, ({ email }) => welcome(email));

const app = createApp(pubsub);
const post = async (payload: object) => await app.inject({ method: "POST", url: "/signups", payload });

console.log((await post({ email: "ada@example.com" })).statusCode);
console.log("welcome,", await welcomed);

const wrong = await post({ email: "nobody" });
console.log(wrong.statusCode, wrong.body);
console.log((await app.inject("/readyz")).statusCode);

await app.close();
console.log(pubsub.isClosed);
