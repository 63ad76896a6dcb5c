import { once } from "node:events";
import { ARCHIVE_TABLE_OPTIONS, PLACE_DESCRIPTION, withArchive } from "../archive-place.ts";
import type { Command } from "../command.ts";
import { findSubscription } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { loggerTo } from "../logger-to.ts";
import { counted } from "../output.ts";
import { withPubSub } from "../settings.ts";

/** `anytopic archive` */
export const archive: Command = {
  name: "archive",
  operands: "<topic/subscription>",
  operandCount: [1, 1],
  summary: "keep every message of a subscription in an archive, until Ctrl-C",
  details: `The subscription is one of its own, which nothing else handles: declare it with defineArchive. A message is acknowledged when the
archive has it durably. Bodies are kept as they are, also those that the topic's schema refuses. Several may run at once.`,
  example: "anytopic archive signups/archive --to ./archive",
  options: {
    to: { type: "string", value: "STORE", description: PLACE_DESCRIPTION },
    ...ARCHIVE_TABLE_OPTIONS,
  },
  async run({ given, settings, output, signal }) {
    const [name = ""] = given.positionals;
    const resolved = await settings();
    const subscription = findSubscription(await resolved.declarations(), name);
    const logger = loggerTo(output);
    return await withArchive(
      "to",
      given,
      logger,
      async ({ archive: opened, store }) =>
        await withPubSub(resolved, {}, async (pubsub) => {
          let archived = 0;
          const onArchived = (messages: number): void => {
            archived += messages;
            output.progress(`${archived} archived`);
          };
          const worker = await opened.startArchive(pubsub, subscription, store, { logger, onArchived });
          output.note(`archiving ${name} from ${pubsub.server}; Ctrl-C ends it`);
          if (!signal.aborted) await once(signal, "abort");
          await worker.close({ timeoutMs: 10_000 });
          output.result({ subscription: name, archived }, () => `${counted(archived, "message")} archived.`);
          return EXIT.ok;
        }),
    );
  },
};
