import { once } from "node:events";
import { ARCHIVE_TABLE_OPTIONS, PLACE_DESCRIPTION, withArchive } from "../archive-place.ts";
import type { Command } from "../command.ts";
import { findSubscription } from "../declarations.ts";
import { parseDurationMs } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import type { Given } from "../given.ts";
import { loggerTo } from "../logger-to.ts";
import { counted } from "../output.ts";
import { withPubSub } from "../settings.ts";
import { UsageError } from "../usage-error.ts";

const MAX_WAIT_MS = 60_000;

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
    "max-wait": {
      type: "string",
      value: "TIME",
      description:
        "how long a message waits for others that are stored with it, at most 60s (default: 1ms, for S3 10s)",
    },
    ...ARCHIVE_TABLE_OPTIONS,
  },
  async run({ given, settings, output, signal }) {
    const [name = ""] = given.positionals;
    const maxWaitMs = maxWaitOf(given);
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
          const worker = await opened.startArchive(pubsub, subscription, store, { logger, maxWaitMs, onArchived });
          output.note(`archiving ${name} from ${pubsub.server}; Ctrl-C ends it`);
          if (!signal.aborted) await once(signal, "abort");
          await worker.close({ timeoutMs: 10_000 });
          output.result({ subscription: name, archived }, () => `${counted(archived, "message")} archived.`);
          return EXIT.ok;
        }),
    );
  },
};

/** @throws UsageError */
function maxWaitOf(given: Given): number | undefined {
  const text = given.text("max-wait");
  // Every append to S3 costs a request.
  if (text === undefined) return given.text("to")?.startsWith("s3:") === true ? 10_000 : undefined;
  const waitMs = Math.ceil(parseDurationMs("max-wait", text));
  if (waitMs >= 1 && waitMs <= MAX_WAIT_MS) return waitMs;
  throw new UsageError(`--max-wait is ${JSON.stringify(text)}: must be 1ms to 60s`);
}
