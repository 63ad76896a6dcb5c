import type { AnyTopic, PublishOptions } from "@anytopic/core";
import type { EventForm } from "../api/topics.ts";
import type { DashboardContext } from "../context.ts";
import { declaredTopic } from "../declared-topic.ts";
import { HttpError } from "../http/http-error.ts";
import { eventOf } from "./event-of.ts";

/** No broker takes more. */
const MAX_ATTRIBUTES = 1000;
const FORMS: readonly string[] = ["json", "text", "hex"] satisfies readonly EventForm[];

export interface CheckedPublish {
  readonly topic: AnyTopic;
  readonly event: unknown;
  readonly options: PublishOptions;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads the body of a request; what it says about the event is for core to check. @throws HttpError 400 or 404 */
export function checkedPublish(body: unknown, context: Pick<DashboardContext, "topics">): CheckedPublish {
  if (typeof body !== "object" || body === null) throw wrong("the request must be a JSON object");
  const fields = body as Fields;
  const topic = declaredTopic(context, fields["topic"]);
  const form = fields["form"];
  if (typeof form !== "string" || !FORMS.includes(form)) throw wrong(`form must be ${FORMS.join(" or ")}`);
  const text = fields["body"];
  if (typeof text !== "string") throw wrong("body must be a text");
  const id = fields["id"] ?? undefined;
  if (id !== undefined && typeof id !== "string") throw wrong("id must be a text");
  const delayMs = fields["delayMs"] ?? undefined;
  if (delayMs !== undefined && typeof delayMs !== "number") throw wrong("delayMs must be a number");
  const options = {
    attributes: attributesIn(fields),
    delayMs,
    deliverAt: timeIn(fields, "deliverAt"),
    expiresAt: timeIn(fields, "expiresAt"),
    ...(id === undefined ? {} : { id }),
  };
  return { topic, event: eventOf(topic, form as EventForm, text), options };
}

function attributesIn(fields: Fields): Readonly<Record<string, string>> {
  const given = fields["attributes"] ?? {};
  if (typeof given !== "object" || Array.isArray(given)) throw wrong("attributes must be an object of texts");
  const entries = Object.entries(given);
  if (entries.length > MAX_ATTRIBUTES) throw wrong(`there are more than ${MAX_ATTRIBUTES} attributes`);
  const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === "string";
  if (!entries.every(isText)) throw wrong("attributes must be an object of texts");
  return Object.fromEntries(entries);
}

function timeIn(fields: Fields, name: string): Date | undefined {
  const text = fields[name] ?? undefined;
  if (text === undefined) return undefined;
  const time = typeof text === "string" && /^\d{4}-\d\d-\d\dT/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (!Number.isNaN(time.getTime())) return time;
  throw wrong(`${name} must be a time such as 2026-12-01T08:00:00Z`);
}

function wrong(message: string): HttpError {
  return new HttpError(400, "WRONG_ARGUMENT", message);
}
