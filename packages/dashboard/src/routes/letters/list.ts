import type { LetterList } from "../../api/letters.ts";
import { HttpError } from "../../http/http-error.ts";
import type { Route } from "../../http/route.ts";
import { letterRow } from "../../letters/kept-letter.ts";
import { deskOf, namedSubscription } from "../../letters/letter-desk.ts";
import { letterGroups } from "../../letters/letter-groups.ts";
import type { LetterRead } from "../../letters/letter-read.ts";
import { fits, letterSearch } from "../../letters/letter-search.ts";

const PAGE = 50;

/** The letters of one subscription, in groups, and one page of those that fit a search. */
export const letterListRoute: Route = {
  method: "GET",
  path: "letters/list",
  async run({ query }, context): Promise<LetterList> {
    const { of, subscription } = namedSubscription(query.get("of"), context);
    const search = letterSearch(query);
    const page = pageOf(query.get("page"));
    const { reads, jobs } = deskOf(context);
    const job = jobs.running(of);
    // A job may take long: until it has ended, the last read is shown.
    const old = job === undefined ? undefined : (reads.last(of) ?? nothingRead());
    const read = old ?? (await reads.at(of, subscription, query.get("at") ?? undefined));
    const found = read.letters.filter((letter) => fits(letter, search));
    return {
      of,
      at: read.id,
      readTime: new Date(read.timeMs).toISOString(),
      read: read.letters.length,
      total: read.total ?? null,
      ...letterGroups(read.letters),
      found: found.length,
      rows: found.slice(page * PAGE, (page + 1) * PAGE).map(letterRow),
      pages: Math.ceil(found.length / PAGE),
      hasFilter: subscription.filter !== undefined,
      job: job ?? null,
    };
  },
};

function pageOf(given: string | null): number {
  if (given === null) return 0;
  if (/^\d{1,6}$/.test(given)) return Number(given);
  throw new HttpError(400, "WRONG_QUERY", "page must be a whole number from 0");
}

function nothingRead(): LetterRead {
  return { id: "", timeMs: Date.now(), letters: [], total: undefined, upToMs: Date.now(), keptBytes: 0 };
}
