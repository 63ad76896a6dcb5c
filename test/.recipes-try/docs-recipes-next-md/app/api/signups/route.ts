







































import { PubSubError } from "@anytopic/core";
import { pubsub } from "../../../lib/pubsub.ts";
import { Signups } from "../../../lib/topics.ts";

export const runtime = "nodejs"; // adapters need sockets: the edge runtime has none

export async function POST(request: Request): Promise<Response> {
  try {
    await (await pubsub()).publish(Signups, await request.json());
    return Response.json({ accepted: true }, { status: 202 });
  } catch (error) {
    if (!(error instanceof PubSubError)) throw error;
    if (error.code === "INVALID_MESSAGE") return Response.json({ error: error.message }, { status: 400 });
    return Response.json({ error: error.code }, { status: error.retryable ? 503 : 500 });
  }
}
