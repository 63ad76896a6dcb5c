// Runs in the browser. A message has its id before it is sent, and is sent until the server has accepted it: after a lost connection
// it is sent again, and still counts once.
import type { ChatMessage, FromBrowser, FromServer } from "../protocol.ts";

const RECONNECT_MS = 500;
const AGAIN_MS = 1000;

const element = (id: string): HTMLElement => document.querySelector(`#${id}`) as HTMLElement;
const field = (id: string): HTMLInputElement => element(id) as HTMLInputElement;
const list = element("messages");
const state = element("state");

/** Not accepted yet, in the order of sending. */
const unsent = new Map<string, string>();
const shown = new Map<string, HTMLLIElement>();
let me = { name: "", room: "" };
let socket: WebSocket | undefined;

const send = (message: FromBrowser): void => socket?.send(JSON.stringify(message));

function connect(): void {
  socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/socket`);
  state.textContent = "connecting …";
  socket.addEventListener("open", () => {
    state.textContent = "";
    send({ type: "join", ...me });
    for (const [id, text] of unsent) send({ type: "say", id, text });
  });
  socket.addEventListener("message", ({ data }) => receive(JSON.parse(String(data)) as FromServer));
  socket.addEventListener("close", () => {
    state.textContent = "not connected; trying again";
    setTimeout(connect, RECONNECT_MS);
  });
}

function receive(message: FromServer): void {
  if (message.type === "history") showHistory(message.messages);
  else if (message.type === "message") show(message.message);
  else if (message.type === "present") showPresent(message.names);
  else if (message.type === "accepted") unsent.delete(message.id);
  else if (message.again) setTimeout(() => sayAgain(message.id), AGAIN_MS);
  else refuse(message.id, message.reason);
}

/** The server's order counts: what it does not have yet stays at the end. */
function showHistory(messages: readonly ChatMessage[]): void {
  shown.clear();
  list.replaceChildren();
  for (const message of messages) show(message);
  for (const [id, text] of unsent) if (!shown.has(id)) showSending(id, text);
}

function show(message: ChatMessage): void {
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  shown.get(message.id)?.remove();
  const line = lineOf(message);
  shown.set(message.id, line);
  // Before what is still being sent.
  list.insertBefore(line, list.querySelector(".sending"));
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

function showSending(id: string, text: string): void {
  const line = lineOf({ id, name: me.name, text, atMs: Date.now() });
  line.classList.add("sending");
  shown.set(id, line);
  list.append(line);
  list.scrollTop = list.scrollHeight;
}

/** Texts of strangers become text, never markup. */
function lineOf({ id, name, text, atMs }: ChatMessage): HTMLLIElement {
  const line = document.createElement("li");
  line.dataset["id"] = id;
  const part = (tag: string, className: string, content: string): HTMLElement =>
    Object.assign(document.createElement(tag), { className, textContent: content });
  const time = part("time", "", new Date(atMs).toLocaleTimeString());
  line.append(part("span", "who", name), time, part("span", "text", text));
  return line;
}

function showPresent(names: readonly string[]): void {
  const lines = names.map((name) => Object.assign(document.createElement("li"), { textContent: name }));
  element("present").replaceChildren(...lines);
}

function sayAgain(id: string | undefined): void {
  const text = id === undefined ? undefined : unsent.get(id);
  if (id !== undefined && text !== undefined && socket?.readyState === WebSocket.OPEN) send({ type: "say", id, text });
}

function refuse(id: string | undefined, reason: string): void {
  state.textContent = `not sent: ${reason}`;
  if (id === undefined) return;
  unsent.delete(id);
  shown.get(id)?.remove();
  shown.delete(id);
}

element("door").addEventListener("submit", (event) => {
  event.preventDefault();
  me = { name: field("name").value.trim(), room: field("room").value };
  if (me.name === "") return;
  element("door").hidden = true;
  element("inside").hidden = false;
  element("title").textContent = `#${me.room}`;
  element("text").focus();
  connect();
});

element("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = field("text");
  const text = input.value.trim();
  if (text === "") return;
  input.value = "";
  const id = crypto.randomUUID();
  unsent.set(id, text);
  showSending(id, text);
  if (socket?.readyState === WebSocket.OPEN) send({ type: "say", id, text });
});
