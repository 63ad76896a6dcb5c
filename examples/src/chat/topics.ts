import { defineSubscription, defineTopic, type Subscription, type Topic } from "@anytopic/core";
import { z } from "zod";

const ROOM = z.string().regex(/^[a-z0-9-]{1,30}$/);
const NAME = z.string().trim().min(1).max(40);
const TEXT = z.string().min(1).max(2000);

export const Said = z.object({ room: ROOM, name: NAME, text: TEXT });
export const Present = z.object({ server: z.string().max(60), rooms: z.record(ROOM, z.array(NAME).max(1000)) });

export type Said = z.infer<typeof Said>;
export type Present = z.infer<typeof Present>;

const DAY_MS = 86_400_000;

/** The topics of the chat, and the subscriptions of one server. */
export interface ChatTopics {
  /** A room is an ordering key: what a server publishes to it stays in order. */
  readonly said: Topic<Said>;
  /** Who is where, as one server knows it. */
  readonly present: Topic<Present>;
  readonly saidHere: Subscription<Said>;
  readonly presentHere: Subscription<Present>;
}

/**
 * Every server needs every message, so each has subscriptions of its own, named after it. Give a server the same name when it starts again.
 *
 * @param replay whether the broker can bring back the messages of the last day
 */
export function chatTopics(server: string, replay: boolean): ChatTopics {
  const said = defineTopic("chat-said", {
    schema: Said,
    orderingKey: ({ room }) => room,
    retentionMs: DAY_MS,
    replay,
  });
  const present = defineTopic("chat-present", { schema: Present });
  // A message that a schema refuses becomes a dead letter at once, and the next one goes on.
  return {
    said,
    present,
    saidHere: defineSubscription(said, `server-${server}`),
    presentHere: defineSubscription(present, `server-${server}`),
  };
}
