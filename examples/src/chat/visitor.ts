import { PubSubError } from "@anytopic/core";
import type { RawData, WebSocket } from "ws";

import type { Chat } from "./chat.ts";
import type { FromBrowser, FromServer } from "./protocol.ts";
import { readBrowser } from "./read-browser.ts";

/** So many messages at once, and then one each `REFILL_MS`. */
const BURST = 20;
const REFILL_MS = 250;
/** A browser that does not read so many bytes is closed: it comes back and gets the history. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

/** Serves one browser until its socket closes. */
export function serveVisitor(socket: WebSocket, chat: Chat): void {
  let joined: { readonly room: string; readonly name: string } | undefined;
  let ends: readonly (() => void)[] = [];
  let allowance = BURST;
  let countedMs = Date.now();

  const send = (message: FromServer): void => {
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) socket.terminate();
    else socket.send(JSON.stringify(message));
  };
  const leave = (): void => {
    for (const end of ends) end();
    ends = [];
    chat.presence.leave(socket);
  };
  const join = ({ room, name }: FromBrowser & { readonly type: "join" }): void => {
    leave();
    joined = { room, name };
    send({ type: "history", room, messages: chat.rooms.history(room) });
    let shown = "";
    const showPresent = (): void => {
      const names = chat.presence.names(room);
      if (shown === (shown = JSON.stringify(names))) return;
      send({ type: "present", names });
    };
    ends = [chat.rooms.listen(room, (message) => send({ type: "message", message })), chat.onPresence(showPresent)];
    chat.presence.enter(socket, room, name);
  };
  const say = async ({ id, text }: FromBrowser & { readonly type: "say" }): Promise<void> => {
    if (joined === undefined) return send({ type: "refused", id, reason: "join a room first", again: false });
    try {
      await chat.say(id, { ...joined, text });
      send({ type: "accepted", id });
    } catch (error) {
      const again = error instanceof PubSubError && error.retryable;
      send({ type: "refused", id, reason: again ? "the broker is away" : "the message is not allowed", again });
    }
  };
  const isAllowed = (): boolean => {
    const nowMs = Date.now();
    allowance = Math.min(BURST, allowance + (nowMs - countedMs) / REFILL_MS);
    countedMs = nowMs;
    allowance -= 1;
    return allowance >= 0;
  };
  socket.on("message", (data: RawData) => {
    const message = readBrowser(data as Buffer);
    if (message === undefined) return send({ type: "refused", id: undefined, reason: "not understood", again: false });
    const id = message.type === "say" ? message.id : undefined;
    if (!isAllowed()) return send({ type: "refused", id, reason: "too many at once", again: true });
    if (message.type === "join") join(message);
    else void say(message);
  });
  socket.on("close", leave);
  socket.on("error", () => socket.terminate());
}
