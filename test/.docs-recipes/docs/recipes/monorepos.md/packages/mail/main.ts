// packages/mail/main.ts
import { connect } from "@anytopic/core";
import { SendWelcomeEmail } from "@shop/topics";

await using pubsub = await connect();
const result = await pubsub.drain(SendWelcomeEmail, ({ email }) => console.log("welcome,", email));
console.log(result.handled);
