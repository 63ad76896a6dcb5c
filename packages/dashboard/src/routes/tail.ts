import type { TailAnswer } from "../api/tail.ts";
import { declaredTopic } from "../declared-topic.ts";
import { textOf } from "../events/event-filter.ts";
import { HttpError } from "../http/http-error.ts";
import type { Route } from "../http/route.ts";
import { serverSentEvents } from "../streams/server-sent-events.ts";

const MAX_ATTRIBUTES = 20;

/** Begins a tail: creates a temporary subscription, which is removed when nobody has looked for 10 s. */
const begin: Route = {
  method: "POST",
  path: "tail",
  needs: "tail",
  async run({ body, visitor }, context): Promise<TailAnswer> {
    const topic = declaredTopic(context, fieldOf(body, "topic"));
    const attributes = attributesIn(fieldOf(body, "attributes"));
    const session = await context.tails.open(await context.pubsub(), topic, attributes);
    const { id: tail, subscription } = session;
    context.logger.info({ user: visitor.user, action: "tail", topic: topic.name, subscription }, "dashboard: tail");
    return { tail, subscription };
  },
};

/** The messages, as a stream. */
const follow: Route = {
  method: "GET",
  path: "tail-events",
  needs: "tail",
  async run({ query, lastEventId, signal }, { tails }): Promise<Response> {
    const session = tails.find(query.get("tail"));
    return serverSentEvents(session.look(lastEventId ?? textOf(query, "after")), signal);
  },
};

/** Ends a tail, and resolves when its subscription is removed. */
const end: Route = {
  method: "POST",
  path: "tail-end",
  needs: "tail",
  async run({ body, visitor }, context): Promise<object> {
    const session = context.tails.find(fieldOf(body, "tail"));
    await session.end("you have ended it");
    context.logger.info({ user: visitor.user, action: "tail-end", topic: session.topic.name }, "dashboard: tail ended");
    return {};
  },
};

export const TAIL_ROUTES: readonly Route[] = [begin, follow, end];

function fieldOf(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}

function attributesIn(given: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(given ?? {});
  const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === "string";
  if (typeof (given ?? {}) === "object" && entries.length <= MAX_ATTRIBUTES && entries.every(isText)) {
    return Object.fromEntries(entries);
  }
  throw new HttpError(400, "WRONG_ARGUMENT", `attributes must be an object of at most ${MAX_ATTRIBUTES} texts`);
}
