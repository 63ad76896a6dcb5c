import { HttpError } from "../../http/http-error.ts";
import type { Route } from "../../http/route.ts";
import { isChosen } from "../../letters/chosen-letters.ts";
import { deskOf, namedSubscription } from "../../letters/letter-desk.ts";
import { letterLine } from "../../letters/letter-line.ts";
import { mayBeMore } from "../../letters/letter-read.ts";
import { choiceOf, fieldsOf } from "../../letters/letter-request.ts";

/** An export that silently ends would be worse than none: it comes before a purge. */
const MAX_CHARACTERS = 64 * 1024 * 1024;

/** Whole letters as JSON lines. */
export const letterExportRoute: Route = {
  method: "POST",
  path: "letters/export",
  async run({ body, visitor, signal }, context): Promise<Response> {
    const fields = fieldsOf(body, ["of", "choice"]);
    const { of, subscription } = namedSubscription(fields["of"], context);
    const choice = choiceOf(fields["choice"]);
    const { reads, jobs } = deskOf(context);
    if (jobs.running(of) !== undefined) {
      throw new HttpError(409, "JOB_RUNS", "a job runs on these letters: export them when it has ended");
    }
    const chosen = isChosen(choice, Number.POSITIVE_INFINITY);
    const queue = (await context.pubsub()).deadLetters(subscription);
    const lines: string[] = [];
    let characters = 0;
    let seen = 0;
    let bytes = 0;
    await reads.turns.run(of, async () => {
      seen = await queue.scan({
        signal,
        onLetter(letter) {
          bytes += letter.body.byteLength;
          if (!chosen(letter)) return true;
          const line = letterLine(letter);
          characters += line.length;
          lines.push(line);
          return characters <= MAX_CHARACTERS;
        },
      });
    });
    const all = mayBeMore(seen, bytes) ? await queue.count() : seen;
    if (characters > MAX_CHARACTERS || (choice.kind !== "letters" && seen < all)) {
      const words = `these are more letters than one file takes (64 MiB), or than can be read at once (${seen} of ${all}): choose fewer`;
      throw new HttpError(413, "TOO_LARGE", words);
    }
    const what = { user: visitor.user, action: "export", subscription: of, choice: choice.kind, letters: lines.length };
    context.logger.info(what, "dead letters were exported");
    return new Response(lines.map((line) => `${line}\n`).join(""), {
      headers: { "content-type": "application/x-ndjson; charset=utf-8", "x-letters": String(lines.length) },
    });
  },
};
