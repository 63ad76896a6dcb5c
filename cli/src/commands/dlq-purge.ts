import type { Command } from "../command.ts";
import { confirm } from "../confirm.ts";
import { findSubscription } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { LETTER_OPTIONS, letterChoice } from "../letter-selection.ts";
import { counted } from "../output.ts";
import { withPubSub } from "../settings.ts";

/** `anytopic dlq purge` */
export const dlqPurge: Command = {
  name: "dlq purge",
  operands: "<topic/subscription>",
  operandCount: [1, 1],
  summary: "delete dead letters permanently",
  details:
    "All of them, or those that match the filters. Asks on a terminal; without one, refuses unless --yes is given.",
  example: "anytopic dlq purge signups/send-welcome-email --older-than 7d --yes",
  options: { ...LETTER_OPTIONS, yes: { type: "boolean", description: "do not ask" } },
  async run({ given, settings, output, signal }) {
    const { filter, limit } = letterChoice(given, Number.MAX_SAFE_INTEGER);
    const [name = ""] = given.positionals;
    const resolved = await settings();
    const subscription = findSubscription(await resolved.declarations(), name);
    return await withPubSub(resolved, { signal }, async (pubsub) => {
      const queue = pubsub.deadLetters(subscription);
      const count = await queue.count();
      const which = filter === undefined && limit === undefined ? `all ${count}` : `the chosen ones of ${count}`;
      const question = `This deletes ${which} dead letters of ${name} on ${pubsub.server}.`;
      if (!given.flag("yes") && !(await confirm(question, signal))) {
        output.note("nothing was deleted");
        return EXIT.failed;
      }
      let done = 0;
      const onProgress = (so: number, seen: number): void => {
        done = so;
        output.progress(`${so} deleted, ${seen} of ${count} checked`);
      };
      const selection = { onProgress, signal, ...(filter && { filter }), ...(limit === undefined ? {} : { limit }) };
      try {
        const purged = await queue.purge(selection);
        output.result(
          { subscription: name, purged, complete: true },
          () => `${counted(purged, "letter")} of ${name} deleted.`,
        );
        return EXIT.ok;
      } catch (error) {
        output.result(
          { subscription: name, purged: done, complete: false },
          () => `${counted(done, "letter")} of ${name} deleted, then it stopped.`,
        );
        throw error;
      }
    });
  },
};
