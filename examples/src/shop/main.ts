import { connect, MemoryInbox, PubSubError, type Logger, type PubSub } from "@anytopic/core";

import { tellShopStory } from "./story.ts";
import { declarations } from "./topics.ts";

const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (_fields, message) => console.error(`warning: ${message}`),
  error: (_fields, message) => console.error(`error: ${message}`),
};

/**
 * The configuration decides the broker: `ANYTOPIC_CONFIG` names its file. Each service has its own connection and its
 * own inbox.
 */
async function connectService(): Promise<PubSub> {
  return await connect({ inbox: new MemoryInbox(), logger });
}

async function run(): Promise<string> {
  await using cleaner = await connectService();
  const story = async (): Promise<string> => {
    await using storefront = await connectService();
    await using warehouse = await connectService();
    await using mail = await connectService();
    return await tellShopStory({ storefront, warehouse, mail });
  };
  try {
    // Removes what an interrupted earlier run may have left.
    await cleaner.destroy(declarations);
    return await story();
  } finally {
    await cleaner.destroy(declarations);
  }
}

try {
  process.stdout.write(await run());
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(`error: ${error.message}${error instanceof PubSubError ? ` (${error.code})` : ""}`);
  process.exitCode = 1;
}
