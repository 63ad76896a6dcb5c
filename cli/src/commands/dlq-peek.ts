import type { DeadLetter } from "@anytopic/core";
import type { Command } from "../command.ts";
import { chosenLetters, MAX_LISTED } from "../chosen-letters.ts";
import { letterDocument, shownFailure } from "../dead-letters.ts";
import { findSubscription } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { LETTER_OPTIONS, letterChoice } from "../letter-selection.ts";
import { counted } from "../output.ts";
import { withPubSub } from "../settings.ts";
import { forTerminal, lineForTerminal, timeForTerminal } from "../for-terminal.ts";
import { shownAttributes } from "../shown-attributes.ts";
import { shownBody } from "../shown-body.ts";

const DEFAULT_LIMIT = 10;

/** `anytopic dlq peek` */
export const dlqPeek: Command = {
  name: "dlq peek",
  operands: "<topic/subscription>",
  operandCount: [1, 1],
  summary: "show dead letters with their bodies, without removing them",
  details: `Up to ${DEFAULT_LIMIT} unless --limit says otherwise, and at most ${MAX_LISTED}. With --json one line per letter.`,
  example: "anytopic dlq peek signups/send-welcome-email --limit 1",
  options: LETTER_OPTIONS,
  async run({ given, settings, output, signal }) {
    const choice = letterChoice(given, MAX_LISTED);
    const [name = ""] = given.positionals;
    const resolved = await settings();
    const subscription = findSubscription(await resolved.declarations(), name);
    return await withPubSub(resolved, { signal }, async (pubsub) => {
      const { letters, seen } = await chosenLetters(pubsub.deadLetters(subscription), choice, DEFAULT_LIMIT);
      for (const letter of letters) {
        output.item({ ...letterDocument(letter), ...shownBody(letter.body) }, () => letterText(letter));
      }
      if (letters.length === 0) output.note(seen === 0 ? `${name}: no dead letters` : `none of ${seen} matches`);
      return EXIT.ok;
    });
  },
};

function letterText(letter: DeadLetter): string {
  const { body, bodyEncoding } = shownBody(letter.body);
  const rows = [
    ["id", lineForTerminal(letter.id)],
    ["reason", `${lineForTerminal(letter.reason)} after ${counted(letter.attempts, "attempt")}`],
    ["error", lineForTerminal(shownFailure(letter))],
    ["published", timeForTerminal(letter.publishTime)],
    ["expires", letter.expiresAt === undefined ? "" : timeForTerminal(letter.expiresAt)],
    ["failed", timeForTerminal(letter.lastFailureTime)],
    ["ordering key", lineForTerminal(letter.orderingKey ?? "")],
    ["attributes", shownAttributes(letter.attributes)],
    [bodyEncoding === "utf8" ? "body" : "body (base64)", forTerminal(body)],
  ];
  return `${rows.flatMap(([label = "", value = ""]) => (value === "" ? [] : `${label.padEnd(13)} ${value}`)).join("\n")}\n`;
}
