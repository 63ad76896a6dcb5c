import { parseArgs } from "node:util";

import { connect, PubSubError, type Logger } from "@anytopic/core";

import { Narrator } from "./narrator.ts";
import { tellStory } from "./story.ts";

const USAGE = `usage: npm run demo [-- --url <broker>]

  --url   memory: (the default), nats://127.0.0.1:4222, amqp://127.0.0.1, redis://127.0.0.1, aws://eu-west-1, gcp://my-project;
          without it, the environment variable ANYTOPIC_URL`;

/** Wrong input. */
const EXIT_USAGE = 2;
/** The broker cannot be reached, or refused the credentials. */
const EXIT_BROKER = 3;

const warnings: Logger = {
  debug: () => {},
  info: () => {},
  warn: (_fields, message) => console.error(`warning: ${message}`),
  error: (_fields, message) => console.error(`error: ${message}`),
};

async function run(): Promise<number> {
  let url: string;
  try {
    const { values } = parseArgs({ options: { url: { type: "string" }, help: { type: "boolean" } } });
    if (values.help === true) {
      console.log(USAGE);
      return 0;
    }
    url = values.url ?? (process.env["ANYTOPIC_URL"] || "memory:");
  } catch (error) {
    console.error(`error: ${(error as Error).message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  try {
    await using pubsub = await connect(url, { logger: warnings });
    console.log(`anytopic on ${pubsub.adapter} (${pubsub.server})`);
    await tellStory(pubsub, new Narrator());
    return 0;
  } catch (error) {
    return explained(error);
  }
}

/** One clear sentence instead of a stack trace. */
function explained(error: unknown): number {
  if (error instanceof PubSubError) {
    console.error(`error: ${error.message} (${error.code})`);
    return error.code === "INVALID_CONFIG" || error.code === "ADAPTER_NOT_INSTALLED" ? EXIT_USAGE : EXIT_BROKER;
  }
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
}

process.exitCode = await run();
