import type { BodyForm, LetterChoice, WireEdit } from "../api/letters.ts";
import { HttpError } from "../http/http-error.ts";

const MAX_REFS = 1000;
const MAX_PER_SECOND = 1000;
const FORMS: ReadonlySet<unknown> = new Set<BodyForm>(["json", "value", "text", "hex"]);

type Fields = Readonly<Record<string, unknown>>;

function wrong(words: string): HttpError {
  return new HttpError(400, "WRONG_ARGUMENT", words);
}

/** The object of a POST. @throws HttpError 400 also for a field that is not known */
export function fieldsOf(body: unknown, known: readonly string[]): Fields {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw wrong("the body must be a JSON object");
  const unknown = Object.keys(body).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw wrong(`unknown field ${JSON.stringify(unknown.slice(0, 40))}: known are ${known.join(", ")}`);
  return body as Fields;
}

export function choiceOf(given: unknown): LetterChoice {
  const { kind, group, refs } = fieldsOf(given ?? {}, ["kind", "group", "refs"]);
  if (kind === "all") return { kind };
  if (kind === "group") {
    if (typeof group !== "string" || group === "") throw wrong("choice.group must be the key of a group");
    return { kind, group };
  }
  if (kind !== "letters") throw wrong('choice.kind must be "all", "group" or "letters"');
  const isList = Array.isArray(refs) && refs.every((ref): ref is string => typeof ref === "string");
  if (!isList || refs.length === 0 || refs.length > MAX_REFS) {
    throw wrong(`choice.refs must be a list of 1 to ${MAX_REFS} letters: choose a group, or all, for more`);
  }
  return { kind, refs: [...new Set(refs)] };
}

/** The time that a count has told. Required for groups and all: who acts has seen how many there are. */
export function upToOf(given: unknown, { kind }: LetterChoice): number {
  if (kind === "letters" && (given === undefined || given === null)) return Number.POSITIVE_INFINITY;
  const ms = typeof given === "string" ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(ms)) throw wrong("upTo must be the time that the count before it has told");
  return ms;
}

export function wholeNumberOf(name: string, given: unknown, max: number = Number.MAX_SAFE_INTEGER): number | null {
  if (given === undefined || given === null) return null;
  if (Number.isSafeInteger(given) && (given as number) >= 1 && (given as number) <= max) return given as number;
  throw wrong(`${name} must be a whole number from 1 to ${max}`);
}

export function perSecondOf(given: unknown): number | null {
  return wholeNumberOf("perSecond", given, MAX_PER_SECOND);
}

export function editOf(given: unknown): WireEdit | undefined {
  if (given === undefined || given === null) return undefined;
  const { body, attributes } = fieldsOf(given, ["body", "attributes"]);
  return {
    ...(body === undefined ? {} : { body: bodyOf(body) }),
    ...(attributes === undefined ? {} : { attributes: pairsOf(attributes) }),
  };
}

function bodyOf(given: unknown): NonNullable<WireEdit["body"]> {
  const { form, text } = fieldsOf(given, ["form", "text"]);
  if (!FORMS.has(form)) throw wrong("edit.body.form must be json, value, text or hex");
  if (typeof text !== "string") throw wrong("edit.body.text must be a text");
  return { form: form as BodyForm, text };
}

function pairsOf(given: unknown): NonNullable<WireEdit["attributes"]> {
  if (!Array.isArray(given)) throw wrong("edit.attributes must be a list of names and values");
  return given.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw wrong("edit.attributes must be a list of [name, value]");
    const [key, value] = pair as readonly unknown[];
    if (typeof key !== "string" || typeof value !== "string") throw wrong("names and values of attributes are texts");
    return [key, value] as const;
  });
}
