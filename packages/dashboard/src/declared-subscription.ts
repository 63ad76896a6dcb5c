import type { AnySubscription } from "@anytopic/core";
import { HttpError } from "./http/http-error.ts";

/** `topic/subscription` */
export function pathOf({ topic, name }: AnySubscription): string {
  return `${topic.name}/${name}`;
}

/** @throws HttpError 400 when `of` is no text, 404 when nothing of that name is declared */
export function declaredSubscription(
  { subscriptions }: { readonly subscriptions: readonly AnySubscription[] },
  of: unknown,
): AnySubscription {
  if (typeof of !== "string" || of === "") {
    throw new HttpError(400, "WRONG_ARGUMENT", "of must be a text such as topic/subscription");
  }
  const found = subscriptions.find((one) => pathOf(one) === of);
  if (found !== undefined) return found;
  throw new HttpError(404, "NOT_DECLARED", "no such subscription is declared: see the list of subscriptions");
}
