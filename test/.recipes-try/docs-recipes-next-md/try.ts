


































































import { POST } from "./app/api/signups/route.ts";
import { pubsub } from "./lib/pubsub.ts";
import { SendWelcomeEmail } from "./lib/topics.ts";

process.env["ANYTOPIC_URL"] ??= "memory:";
const { promise: welcomed, resolve: welcome } = Promise.withResolvers<string>();
await (await pubsub()).subscribe(SendWelcomeEmail, ({ email }) => welcome(email));

const post = (body: object) => POST(new Request("http://localhost/", { method: "POST", body: JSON.stringify(body) }));

console.log((await post({ email: "ada@example.com" })).status);
console.log("welcome,", await welcomed);
console.log((await post({ email: "nobody" })).status);

await (await pubsub()).close();
