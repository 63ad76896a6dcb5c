










































import { PubSubError } from "@anytopic/core";
import { pubsub } from "../../../lib/pubsub.ts";
import { type Signup, Signups } from "../../../lib/topics.ts";

export const runtime = "nodejs"; // adapters need sockets: the edge runtime has none

export async function POST(request: Request): Promise<Response> {
  try {
    const event = (await request.json()) as Signup; // publish checks it by the topic's schema
    await (await pubsub()).publish(Signups, event);
    return Response.json({ accepted: true }, { status: 202 });
  } catch (error) {
    if (!(error instanceof PubSubError)) throw error;
    if (error.code === "INVALID_MESSAGE") return Response.json({ error: error.message }, { status: 400 });
    return Response.json({ error: error.code }, { status: error.retryable ? 503 : 500 });
  }
}
