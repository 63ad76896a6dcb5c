import { connect, defineSubscription, defineTopic, healthHandler } from "@anytopic/core";

const Signups = defineTopic<{ email: string }>("signups");
const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");

const pubsub = await connect(process.env["ANYTOPIC_URL"] ?? "memory:");
const { promise: welcomed, resolve: welcome } = Promise.withResolvers<string>();
await pubsub.subscribe(SendWelcomeEmail, ({ email }) => welcome(email));

const probes = healthHandler(pubsub);

async function fetchHandler(request: Request): Promise<Response> {
  if (request.method !== "POST") return probes(request); // /livez and /readyz
  await pubsub.publish(Signups, (await request.json()) as { email: string });
  return Response.json({ accepted: true }, { status: 202 });
}

// In a service: Bun.serve({ port: 8080, fetch: fetchHandler })
const post = { method: "POST", body: JSON.stringify({ email: "ada@example.com" }) };
console.log((await fetchHandler(new Request("http://localhost/signups", post))).status);
console.log("welcome,", await welcomed);
console.log((await fetchHandler(new Request("http://localhost/readyz"))).status);

await pubsub.close();
