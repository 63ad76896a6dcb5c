import type { Command } from "../command.ts";
import { chosenLetters, MAX_LISTED } from "../chosen-letters.ts";
import { letterDocument, shownFailure } from "../dead-letters.ts";
import { findSubscription, nameOf } from "../declarations.ts";
import { shownDuration } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import { LETTER_OPTIONS, letterChoice } from "../letter-selection.ts";
import { table } from "../output.ts";
import { withPubSub } from "../settings.ts";

const DEFAULT_LIMIT = 100;

/** `anytopic dlq list` */
export const dlqList: Command = {
  name: "dlq list",
  operands: "[topic/subscription]",
  operandCount: [0, 1],
  summary: "count the dead letters of every subscription, or list those of one",
  details: `Without a subscription: the number of letters of each. With one: its letters without their bodies, up to ${DEFAULT_LIMIT} unless --limit
says otherwise, and at most ${MAX_LISTED}. Removes nothing.`,
  example: "anytopic dlq list signups/send-welcome-email --reason rejected --older-than 1h",
  options: LETTER_OPTIONS,
  async run({ given, settings, output, signal }) {
    const choice = letterChoice(given, MAX_LISTED);
    const [name] = given.positionals;
    const resolved = await settings();
    const declarations = await resolved.declarations();
    const chosen =
      name === undefined
        ? declarations.filter((one) => one.kind === "subscription")
        : [findSubscription(declarations, name)];
    return await withPubSub(resolved, { signal }, async (pubsub) => {
      if (name === undefined) {
        const counts: { subscription: string; count: number }[] = [];
        for (const one of chosen)
          counts.push({ subscription: nameOf(one), count: await pubsub.deadLetters(one).count() });
        output.result({ subscriptions: counts }, () =>
          table(
            ["SUBSCRIPTION", "DEAD LETTERS"],
            counts.map(({ subscription, count }) => [subscription, String(count)]),
          ),
        );
        return EXIT.ok;
      }
      for (const one of chosen) {
        const queue = pubsub.deadLetters(one);
        const count = await queue.count();
        const { letters } = await chosenLetters(queue, choice, DEFAULT_LIMIT);
        output.result({ subscription: name, count, letters: letters.map(letterDocument) }, () => {
          if (letters.length === 0) return `${name}: ${count} dead letters, none to list.`;
          const rows = letters.map((letter) => [
            letter.id,
            letter.reason,
            String(letter.attempts),
            shownAge(letter.lastFailureTime),
            shownFailure(letter),
          ]);
          return `${table(["ID", "REASON", "ATTEMPTS", "LAST FAILURE", "ERROR"], rows)}\n\n${letters.length} listed of ${count}.`;
        });
      }
      return EXIT.ok;
    });
  },
};

function shownAge(time: Date): string {
  const ageMs = Date.now() - time.getTime();
  return Number.isNaN(ageMs) ? "unknown" : `${shownDuration(ageMs)} ago`;
}
