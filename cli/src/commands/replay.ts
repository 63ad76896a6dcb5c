import type { ReplayOptions, ReplayResult } from "../archive-package.ts";
import { ARCHIVE_TABLE_OPTIONS, PLACE_DESCRIPTION, withArchive } from "../archive-place.ts";
import type { Command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { findSubscription } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import type { Given } from "../given.ts";
import { loggerTo } from "../logger-to.ts";
import { counted } from "../output.ts";
import { parseCount } from "../parse-count.ts";
import { parseMoment } from "../parse-moment.ts";
import { withPubSub } from "../settings.ts";

const MAX_RATE = 100_000;

/** `anytopic replay` */
export const replay: Command = {
  name: "replay",
  operands: "<topic/subscription>",
  operandCount: [1, 1],
  summary: "send messages from an archive to one subscription again",
  details: `Only this subscription gets them, with the same ids, bodies and attributes, in the order of publishing for each key. An exactly-once
subscription passes over the ids that it has handled, unless --as-new gives them new ones. If the command was stopped, run it again
with the --from that it shows. Asks on a terminal; without one, refuses unless --yes is given.`,
  example: "anytopic replay signups/send-welcome-email --store ./archive --from 2h --rate 50 --dry-run",
  options: {
    store: { type: "string", value: "STORE", description: PLACE_DESCRIPTION },
    from: {
      type: "string",
      value: "TIME",
      description: "published at this time or later (2026-11-26T14:00:00Z, or 2h ago)",
    },
    to: { type: "string", value: "TIME", description: "published before this time" },
    id: { type: "string", multiple: true, value: "ID", description: "only this message; may be repeated" },
    key: { type: "string", multiple: true, value: "KEY", description: "only this ordering key; may be repeated" },
    limit: { type: "string", value: "N", description: "at most so many messages" },
    rate: { type: "string", value: "N", description: "at most so many messages in a second" },
    "as-new": { type: "string", value: "LABEL", description: "new ids, made from the old ones and this text" },
    "dry-run": { type: "boolean", description: "count, and send nothing" },
    ...ARCHIVE_TABLE_OPTIONS,
    yes: { type: "boolean", description: "do not ask" },
  },
  async run({ given, settings, output, signal }) {
    const chosen = chosenOf(given, signal);
    const [name = ""] = given.positionals;
    const resolved = await settings();
    const subscription = findSubscription(await resolved.declarations(), name);
    return await withArchive(
      "store",
      given,
      loggerTo(output),
      async ({ archive, store }) =>
        await withPubSub(resolved, { signal }, async (pubsub) => {
          // Without a question nobody needs the number, and to count means to read the archive twice.
          let of = "";
          if (given.flag("dry-run") || !given.flag("yes")) {
            const { sent: total } = await archive.replay(pubsub, subscription, store, { ...chosen, dryRun: true });
            if (given.flag("dry-run")) {
              const text = `${counted(total, "message")} would be sent to ${name}.`;
              output.result({ subscription: name, wouldSend: total }, () => text);
              return EXIT.ok;
            }
            const question = `This sends ${counted(total, "message")} from the archive to subscription ${name}, on ${pubsub.server}.`;
            if (!(await confirm(question, signal, "makes a subscription repeat messages"))) {
              output.note("nothing was sent");
              return EXIT.failed;
            }
            of = ` of ${total}`;
          }
          let last: ReplayResult = { sent: 0, left: 0, position: undefined };
          const onProgress = (progress: ReplayResult): void => {
            last = progress;
            output.progress(`${progress.sent}${of} sent`);
          };
          try {
            const { sent } = await archive.replay(pubsub, subscription, store, { ...chosen, onProgress });
            output.result(
              { subscription: name, sent, complete: true },
              () => `${counted(sent, "message")} sent to ${name}.`,
            );
            return EXIT.ok;
          } catch (error) {
            const from = last.position?.toISOString();
            output.result({ subscription: name, sent: last.sent, complete: false, from }, () => {
              const again = from === undefined ? "" : ` To go on: --from ${from}`;
              return `${counted(last.sent, "message")} sent to ${name}, then it stopped.${again}`;
            });
            throw error;
          }
        }),
    );
  },
};

/** @throws UsageError */
function chosenOf(given: Given, signal: AbortSignal): ReplayOptions {
  const nowMs = Date.now();
  const [ids, keys] = [given.texts("id"), given.texts("key")];
  const [limit, rate] = [given.text("limit"), given.text("rate")];
  return {
    from: parseMoment("from", given.text("from"), nowMs),
    to: parseMoment("to", given.text("to"), nowMs),
    ids: ids.length === 0 ? undefined : ids,
    keys: keys.length === 0 ? undefined : keys,
    limit: limit === undefined ? undefined : parseCount("limit", limit, 1, Number.MAX_SAFE_INTEGER),
    ratePerSecond: rate === undefined ? undefined : parseCount("rate", rate, 1, MAX_RATE),
    asNew: given.text("as-new"),
    signal,
  };
}
