import type { AnyTopic } from "@anytopic/core";
import type { DashboardContext } from "./context.ts";
import { HttpError } from "./http/http-error.ts";

/** @throws HttpError 400 when `name` is no text, 404 when no topic of that name is declared */
export function declaredTopic(context: Pick<DashboardContext, "topics">, name: unknown): AnyTopic {
  if (typeof name !== "string" || name === "")
    throw new HttpError(400, "WRONG_ARGUMENT", "topic must be the name of a topic");
  const found = context.topics.find((topic) => topic.name === name);
  if (found !== undefined) return found;
  throw new HttpError(404, "NOT_DECLARED", "no topic of this name is declared: see the list of topics");
}
