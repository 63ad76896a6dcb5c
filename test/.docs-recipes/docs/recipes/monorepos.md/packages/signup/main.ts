// packages/signup/main.ts
import { connect } from "@anytopic/core";
import { Signups } from "@shop/topics";

await using pubsub = await connect();
await pubsub.publish(Signups, { email: "ada@example.com" });
