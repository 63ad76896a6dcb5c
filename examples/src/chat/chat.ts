import { type PubSub, PubSubError } from "@anytopic/core";

import { Presence, PRESENCE_EVERY_MS, PRESENCE_LASTS_MS } from "./presence.ts";
import { Rooms } from "./rooms.ts";
import { type ChatTopics, chatTopics, type Said } from "./topics.ts";

/** One server of the chat, without its WebSockets. */
export interface Chat extends AsyncDisposable {
  readonly rooms: Rooms;
  readonly presence: Presence;
  /** Called when somebody has come or gone, here or elsewhere. */
  onPresence(listener: () => void): () => void;
  /** Resolves when the broker has the message; every server shows it then, this one too. */
  say(id: string, said: Said): Promise<void>;
}

/** Takes part in the chat: replays what was said, then hears everything. `pubsub` stays open. */
export async function startChat(pubsub: PubSub, server: string): Promise<Chat> {
  const replay = pubsub.capabilities.replay === "time";
  const topics = chatTopics(server, replay);
  const rooms = new Rooms();
  const listeners = new Set<() => void>();
  const presence = new Presence(() => {
    for (const listener of listeners) listener();
  });
  await pubsub.apply([topics.said, topics.present, topics.saidHere, topics.presentHere]);
  // This server has forgotten what it knew: its subscription goes back to the beginning, and the others stay where they are.
  if (replay) await pubsub.seek(topics.saidHere, { to: "beginning" });

  const workers = [
    await pubsub.subscribe(topics.saidHere, ({ room, name, text }, { id, publishTime }) => {
      rooms.add(room, { id, name, text, atMs: publishTime.getTime() });
    }),
    await pubsub.subscribe(topics.presentHere, (present) => presence.hear(present)),
  ];
  const tell = async (): Promise<void> => await tellPresence(pubsub, topics, server, presence);
  const timer = setInterval(() => void tell(), PRESENCE_EVERY_MS);
  return {
    rooms,
    presence,
    onPresence(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async say(id, said) {
      await pubsub.publish(topics.said, said, { id });
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await Promise.all(workers.map((worker) => worker.close()));
      // Nobody reads here any longer. A server that is killed leaves its subscriptions, and finds them when it starts again.
      await pubsub.destroy([topics.saidHere, topics.presentHere]);
    },
  };
}

/** A message that is late says what is no longer true, so it expires. */
async function tellPresence(
  pubsub: PubSub,
  { present }: ChatTopics,
  server: string,
  presence: Presence,
): Promise<void> {
  try {
    const expiresAt = new Date(Date.now() + PRESENCE_LASTS_MS);
    await pubsub.publish(present, { server, rooms: presence.own() }, { expiresAt });
  } catch (error) {
    // The next one may arrive; the connection repairs itself.
    if (!(error instanceof PubSubError)) throw error;
  }
}
