import type { Command } from "../command.ts";
import { findSubscription } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { LETTER_OPTIONS, letterChoice } from "../letter-selection.ts";
import { counted } from "../output.ts";
import { withPubSub } from "../settings.ts";

/** `anytopic dlq redrive` */
export const dlqRedrive: Command = {
  name: "dlq redrive",
  operands: "<topic/subscription>",
  operandCount: [1, 1],
  summary: "send dead letters back to their subscription, with attempts from 1",
  details: `Only this subscription gets them, with the same id, body and attributes. A letter is removed only after its message
is stored again. If the command was stopped, run it again to continue. Letters that fail again meanwhile are left for
the next run. To change a body on the way, use the dashboard, or redrive({ edit }) in code.`,
  example: "anytopic dlq redrive signups/send-welcome-email --reason retries-exhausted --limit 100",
  options: LETTER_OPTIONS,
  async run({ given, settings, output, signal }) {
    const { filter, limit } = letterChoice(given, Number.MAX_SAFE_INTEGER);
    const [name = ""] = given.positionals;
    const resolved = await settings();
    const subscription = findSubscription(await resolved.declarations(), name);
    return await withPubSub(resolved, { signal }, async (pubsub) => {
      const queue = pubsub.deadLetters(subscription);
      const total = Math.min(await queue.count(), limit ?? Number.POSITIVE_INFINITY);
      let done = 0;
      const onProgress = (so: number, seen: number): void => {
        done = so;
        output.progress(
          filter === undefined ? `${so} of ${total} redriven` : `${so} redriven, ${seen} of ${total} checked`,
        );
      };
      const selection = { onProgress, signal, ...(filter && { filter }), ...(limit === undefined ? {} : { limit }) };
      try {
        const redriven = await queue.redrive(selection);
        output.result(
          { subscription: name, redriven, complete: true },
          () => `${counted(redriven, "letter")} back to ${name}.`,
        );
        return EXIT.ok;
      } catch (error) {
        output.result(
          { subscription: name, redriven: done, complete: false },
          () => `${counted(done, "letter")} back to ${name}, then it stopped.`,
        );
        throw error;
      }
    });
  },
};
