import type { LetterDetail } from "../../api/letters.ts";
import { HttpError } from "../../http/http-error.ts";
import type { Route } from "../../http/route.ts";
import { findLetter } from "../../letters/find-letter.ts";
import { keptLetter, letterRow } from "../../letters/kept-letter.ts";
import { namedSubscription } from "../../letters/letter-desk.ts";
import { shownLetterBody } from "../../letters/shown-body.ts";
import { wireTime } from "../../letters/wire-time.ts";

export function refOf(given: string | null): string {
  if (given !== null && /^[\w-]{22}$/.test(given)) return given;
  throw new HttpError(400, "WRONG_QUERY", "ref must be the one of a letter in the list");
}

/** One letter, with its body up to 256 KiB. */
export const letterRoute: Route = {
  method: "GET",
  path: "letters/letter",
  async run({ query }, context): Promise<LetterDetail> {
    const named = namedSubscription(query.get("of"), context);
    const letter = await findLetter(refOf(query.get("ref")), named, context);
    const { topic } = named.subscription;
    return {
      row: letterRow(keptLetter(letter, 0)),
      attributes: Object.entries(letter.attributes),
      firstFailure: wireTime(letter.firstFailureTime),
      expires: wireTime(letter.expiresAt),
      ...shownLetterBody(topic, letter.body),
      schema: topic.schema !== undefined,
    };
  },
};

/** The whole body, as a file. */
export const letterBodyRoute: Route = {
  method: "GET",
  path: "letters/body",
  async run({ query }, context): Promise<Response> {
    const named = namedSubscription(query.get("of"), context);
    const { body } = await findLetter(refOf(query.get("ref")), named, context);
    return new Response(new Uint8Array(body), {
      headers: {
        "content-type": "application/octet-stream",
        "content-disposition": 'attachment; filename="body.bin"',
      },
    });
  },
};
