





















































































import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { ClientProxyFactory, Transport } from "@nestjs/microservices";
import { lastValueFrom } from "rxjs";
import { nestCodec } from "./nest-codec.ts";

interface Signup {
  readonly email: string;
}

const Signups = defineTopic<Signup>("signups", { codec: nestCodec<Signup>("signups") });
const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");

await using pubsub = await connect(); // ANYTOPIC_URL
const { promise: welcomed, resolve: welcome } = Promise.withResolvers<string>();
await pubsub.subscribe(SendWelcomeEmail, ({ email }) => welcome(email));

const servers = [process.env["ANYTOPIC_URL"] ?? "nats://127.0.0.1:4222"];
const client = ClientProxyFactory.create({ transport: Transport.NATS, options: { servers } });
await lastValueFrom(client.emit("signups", { email: "ada@example.com" }), { defaultValue: undefined });

console.log("welcome,", await welcomed);
await client.close();
