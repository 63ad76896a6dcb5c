import { connect, PubSubError, type Logger, type PubSub } from "@anytopic/core";

import { openDatabase } from "./database/open-database.ts";
import type { ShopDatabase } from "./database/shop-database.ts";
import { tellShopStory } from "./story.ts";
import { declarations, publishedByOutbox } from "./topics.ts";

const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (_fields, message) => console.error(`warning: ${message}`),
  error: (_fields, message) => console.error(`error: ${message}`),
};

/** The configuration decides the broker: `ANYTOPIC_CONFIG` names its file. Each service has its own connection. */
async function connectService({ inbox }: ShopDatabase): Promise<PubSub> {
  return await connect({ inbox, logger });
}

async function run(): Promise<string> {
  await using database = await openDatabase(process.env["DATABASE_URL"]);
  await using cleaner = await connectService(database);
  const story = async (): Promise<string> => {
    await using storefront = await connectService(database);
    await using warehouse = await connectService(database);
    await using mail = await connectService(database);
    await using publisher = await connectService(database);
    // Publishes what the services have committed. It closes first, then its connection, and the database last.
    await using relay = await database.outbox.relay(publisher, {
      pool: database.pool,
      topics: publishedByOutbox,
      logger,
    });
    const report = await tellShopStory({ storefront, warehouse, mail }, database);
    await relay.drained();
    return report;
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
