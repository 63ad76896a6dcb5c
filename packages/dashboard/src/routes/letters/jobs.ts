import type { Topic } from "@anytopic/core";
import type { LetterJobState, LetterJobs } from "../../api/letters.ts";
import { HttpError } from "../../http/http-error.ts";
import type { Route } from "../../http/route.ts";
import { checkEdit } from "../../letters/check-edit.ts";
import { findLetter } from "../../letters/find-letter.ts";
import { deskOf, namedSubscription } from "../../letters/letter-desk.ts";
import type { LetterJobOptions } from "../../letters/letter-job.ts";
import { letterLimits } from "../../letters/letter-limits.ts";
import { choiceOf, editOf, fieldsOf, perSecondOf, upToOf, wholeNumberOf } from "../../letters/letter-request.ts";

/** The jobs of all visitors. */
export const letterJobsRoute: Route = {
  method: "GET",
  path: "letters/jobs",
  async run(_request, context): Promise<LetterJobs> {
    return { jobs: deskOf(context).jobs.states };
  },
};

export const letterRedriveRoute: Route = {
  method: "POST",
  path: "letters/redrive",
  needs: "redrive",
  async run({ body, visitor }, context): Promise<LetterJobState> {
    const fields = fieldsOf(body, ["of", "choice", "upTo", "expected", "perSecond", "edit"]);
    const named = namedSubscription(fields["of"], context);
    const choice = choiceOf(fields["choice"]);
    const wanted = editOf(fields["edit"]);
    let edit: LetterJobOptions["edit"];
    if (wanted !== undefined) {
      const [ref = "", ...others] = choice.kind === "letters" ? choice.refs : [];
      if (ref === "" || others.length > 0) throw new HttpError(400, "WRONG_ARGUMENT", "an edit is of one letter");
      const letter = await findLetter(ref, named, context);
      const limits = await letterLimits(await context.pubsub(), named.subscription);
      const checked = await checkEdit(named.subscription.topic as Topic, letter, wanted, limits);
      if (checked.problems.length > 0) throw new HttpError(422, "INVALID_MESSAGE", checked.problems.join("; "));
      ({ edit } = checked);
    }
    return deskOf(context).jobs.start(named.subscription, {
      kind: "redrive",
      of: named.of,
      user: visitor.user,
      choice,
      upToMs: upToOf(fields["upTo"], choice),
      expected: wholeNumberOf("expected", fields["expected"]),
      perSecond: perSecondOf(fields["perSecond"]),
      edit,
    });
  },
};

export const letterPurgeRoute: Route = {
  method: "POST",
  path: "letters/purge",
  needs: "purge",
  async run({ body, visitor }, context): Promise<LetterJobState> {
    const fields = fieldsOf(body, ["of", "choice", "upTo", "expected", "confirm"]);
    const { of, subscription } = namedSubscription(fields["of"], context);
    if (fields["confirm"] !== of) {
      throw new HttpError(400, "NOT_CONFIRMED", `confirm must be the name of the subscription, ${of}`);
    }
    const choice = choiceOf(fields["choice"]);
    return deskOf(context).jobs.start(subscription, {
      kind: "purge",
      of,
      user: visitor.user,
      choice,
      upToMs: upToOf(fields["upTo"], choice),
      expected: wholeNumberOf("expected", fields["expected"]),
      perSecond: null,
      edit: undefined,
    });
  },
};

/** Who may begin a job may stop it. */
export const letterStopRoute: Route = {
  method: "POST",
  path: "letters/stop",
  async run({ body, visitor }, context): Promise<LetterJobState> {
    const { id } = fieldsOf(body, ["id"]);
    if (typeof id !== "string") throw new HttpError(400, "WRONG_ARGUMENT", "id must be the one of a job");
    const { jobs } = deskOf(context);
    const job = jobs.states.find((one) => one.id === id);
    if (job !== undefined && visitor.can?.includes(job.kind) !== true) {
      throw new HttpError(403, "FORBIDDEN", `you are not allowed to ${job.kind} here`);
    }
    const stopped = jobs.stop(id);
    context.logger.info({ user: visitor.user, action: "stop", subscription: stopped.of }, "a job is stopped");
    return stopped;
  },
};
