import { parseArgs } from "node:util";

import { connect, PubSubError, type Logger } from "@anytopic/core";

import { startChat } from "./chat.ts";
import { serveChat } from "./serve-chat.ts";

const USAGE = `usage: npm run chat [-- --url <broker> --name <server> --port <port>]

  --url   memory: (the default, for one server), nats://127.0.0.1:4222, amqp://127.0.0.1, redis://127.0.0.1, …;
          without it, the environment variable ANYTOPIC_URL
  --name  the name of this server: letters, digits and "-"; each server needs its own. Default "one"
  --port  default 8080; 0 takes a free one`;

const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (_fields, message) => console.error(`warning: ${message}`),
  error: (_fields, message) => console.error(`error: ${message}`),
};

interface Settings {
  readonly url: string;
  readonly name: string;
  readonly port: number;
}

/** `undefined` when the command line is wrong. */
function readSettings(): Settings | undefined {
  try {
    const options = { url: { type: "string" }, name: { type: "string" }, port: { type: "string" } } as const;
    const { values } = parseArgs({ options });
    const { url = process.env["ANYTOPIC_URL"] || "memory:", name = "one", port = "8080" } = values;
    const isValid = /^[a-z0-9-]{1,40}$/i.test(name) && /^\d{1,5}$/.test(port) && Number(port) < 65_536;
    return isValid ? { url, name, port: Number(port) } : undefined;
  } catch {
    return undefined;
  }
}

async function run({ url, name, port }: Settings): Promise<void> {
  await using pubsub = await connect(url, { logger });
  await using chat = await startChat(pubsub, name);
  await using server = await serveChat(chat, port);
  console.log(`the chat of server ${name} on ${pubsub.adapter}: ${server.url} (Ctrl-C ends)`);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

const settings = readSettings();
if (settings === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  try {
    await run(settings);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(`error: ${error.message}${error instanceof PubSubError ? ` (${error.code})` : ""}`);
    process.exitCode = 1;
  }
}
