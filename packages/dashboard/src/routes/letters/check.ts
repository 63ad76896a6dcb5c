import type { Topic } from "@anytopic/core";
import type { EditCheck } from "../../api/letters.ts";
import type { Route } from "../../http/route.ts";
import { checkEdit } from "../../letters/check-edit.ts";
import { findLetter } from "../../letters/find-letter.ts";
import { namedSubscription } from "../../letters/letter-desk.ts";
import { letterLimits } from "../../letters/letter-limits.ts";
import { editOf, fieldsOf } from "../../letters/letter-request.ts";
import { refOf } from "./letter.ts";

/** Whether a letter could be sent with this edit. Changes nothing. */
export const letterCheckRoute: Route = {
  method: "POST",
  path: "letters/check",
  async run({ body }, context): Promise<EditCheck> {
    const { of, ref, edit } = fieldsOf(body, ["of", "ref", "edit"]);
    const named = namedSubscription(of, context);
    const letter = await findLetter(refOf(typeof ref === "string" ? ref : null), named, context);
    const limits = await letterLimits(await context.pubsub(), named.subscription);
    const { topic } = named.subscription;
    const { edit: _, ...check } = await checkEdit(topic as Topic, letter, editOf(edit) ?? {}, limits);
    return check;
  },
};
