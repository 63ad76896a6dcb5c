import type { LetterChoice, LetterCount } from "../../api/letters.ts";
import { HttpError } from "../../http/http-error.ts";
import type { Route } from "../../http/route.ts";
import type { KeptLetter } from "../../letters/kept-letter.ts";
import { deskOf, namedSubscription } from "../../letters/letter-desk.ts";
import { choiceOf, fieldsOf } from "../../letters/letter-request.ts";

/** How many letters an action would concern. Reads the queue, and changes nothing. */
export const letterCountRoute: Route = {
  method: "POST",
  path: "letters/count",
  async run({ body }, context): Promise<LetterCount> {
    const fields = fieldsOf(body, ["of", "choice"]);
    const { of, subscription } = namedSubscription(fields["of"], context);
    const choice = choiceOf(fields["choice"]);
    const { reads, jobs } = deskOf(context);
    const job = jobs.running(of);
    if (job !== undefined) {
      throw new HttpError(
        409,
        "JOB_RUNS",
        `${job.user} runs a ${job.kind} on these letters: wait for its end, or stop it`,
      );
    }
    const read = await reads.fresh(of, subscription);
    return {
      matches: matches(read.letters, choice),
      read: read.letters.length,
      total: read.total ?? null,
      upTo: new Date(read.upToMs).toISOString(),
      hasFilter: subscription.filter !== undefined,
    };
  },
};

function matches(letters: readonly KeptLetter[], choice: LetterChoice): number {
  if (choice.kind === "all") return letters.length;
  if (choice.kind === "group") return letters.filter(({ group }) => group === choice.group).length;
  const found = new Set<string>();
  for (const { ref } of letters) found.add(ref);
  return choice.refs.filter((ref) => found.has(ref)).length;
}
