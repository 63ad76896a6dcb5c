import { PubSubError, type StandardIssue, type Topic } from "@anytopic/core";
import type { EditCheck, WireEdit } from "../api/letters.ts";
import { jsonProblem } from "./json-problem.ts";
import type { LetterLimits } from "./letter-limits.ts";
import { bytesOf } from "./shown-body.ts";

const MAX_ISSUES = 20;
const RESERVED = /^anytopic/i;

/** A body and attributes that may be sent, and what speaks against it. */
export interface CheckedEdit extends EditCheck {
  readonly edit: { readonly body?: Uint8Array; readonly attributes?: Readonly<Record<string, string>> };
}

interface Original {
  readonly body: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey: string | undefined;
}

/** Asks form, codec, schema and limits, as a worker and the broker would. */
export async function checkEdit(
  topic: Topic,
  original: Original,
  { body: given, attributes: pairs }: WireEdit,
  limits: LetterLimits,
): Promise<CheckedEdit> {
  const problems: string[] = [];
  const attributes = pairs === undefined ? undefined : attributesOf(pairs, problems);
  let body: Uint8Array | undefined;
  const notJson = given?.form === "json" || given?.form === "value" ? jsonProblem(given.text) : undefined;
  if (notJson !== undefined) problems.push(`body: ${notJson}`);
  else if (given !== undefined) {
    try {
      body = bytesOf(topic, given);
    } catch (error) {
      problems.push(`body: ${wordsOf(error)}`);
    }
  }
  if (given === undefined || body !== undefined) problems.push(...(await readProblems(topic, body ?? original.body)));
  const sent = attributes ?? original.attributes;
  if (pairs !== undefined) problems.push(...limitProblems(sent, limits));
  const bytes = sizeOf(body ?? original.body, sent, original.orderingKey);
  const maxBytes = limits.maxMessageBytes;
  if (bytes > maxBytes) problems.push(`the message has ${bytes} bytes: at most ${maxBytes} are allowed here`);
  const edit = { ...(body === undefined ? {} : { body }), ...(attributes === undefined ? {} : { attributes }) };
  return { problems, notes: notesOf(topic, body), bytes, maxBytes, edit };
}

function attributesOf(
  pairs: readonly (readonly [key: string, value: string])[],
  problems: string[],
): Readonly<Record<string, string>> {
  const attributes = Object.create(null) as Record<string, string>;
  for (const [key, value] of pairs) {
    if (key === "") problems.push("attributes: a name is empty");
    else if (key in attributes) problems.push(`attributes: ${JSON.stringify(key)} is there twice`);
    else if (RESERVED.test(key))
      problems.push(`attributes: ${JSON.stringify(key)}: names with "anytopic" are reserved`);
    else if (!key.isWellFormed() || !value.isWellFormed()) {
      problems.push(`attributes: ${JSON.stringify(key)} is no well-formed text`);
    }
    attributes[key] = value;
  }
  return attributes;
}

/** What codec and schema say, as the worker asks them. */
async function readProblems(topic: Topic, body: Uint8Array): Promise<readonly string[]> {
  let value: unknown;
  try {
    value = topic.codec.decode(body);
  } catch (error) {
    return [`body: the topic's codec (${topic.codec.name}) cannot read it: ${wordsOf(error)}`];
  }
  if (topic.schema === undefined) return [];
  try {
    const result = await topic.schema["~standard"].validate(value);
    const issues = result.issues ?? [];
    const words = issues.slice(0, MAX_ISSUES).map(issueWords);
    return issues.length > MAX_ISSUES ? [...words, `and ${issues.length - MAX_ISSUES} more`] : words;
  } catch (error) {
    return [`the schema threw: ${wordsOf(error)}`];
  }
}

function issueWords({ message, path = [] }: StandardIssue): string {
  const place = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return place === "" ? message : `${place}: ${message}`;
}

function limitProblems(attributes: Readonly<Record<string, string>>, limits: LetterLimits): readonly string[] {
  const keys = Object.keys(attributes);
  const problems: string[] = [];
  if (keys.length > limits.maxAttributes) {
    problems.push(`attributes: ${keys.length} are too many: at most ${limits.maxAttributes} are allowed here`);
  }
  for (const key of keys) {
    if (Buffer.byteLength(key) > limits.maxAttributeKeyBytes) {
      problems.push(
        `attributes: the name ${JSON.stringify(key.slice(0, 40))} is longer than ${limits.maxAttributeKeyBytes} bytes`,
      );
    }
    if (Buffer.byteLength(attributes[key] ?? "") > limits.maxAttributeValueBytes) {
      problems.push(
        `attributes: ${JSON.stringify(key.slice(0, 40))} is longer than ${limits.maxAttributeValueBytes} bytes`,
      );
    }
  }
  return problems.slice(0, MAX_ISSUES);
}

/** Without what the adapter adds, which it counts itself when the message is sent. */
function sizeOf(body: Uint8Array, attributes: Readonly<Record<string, string>>, orderingKey = ""): number {
  let bytes = body.byteLength + Buffer.byteLength(orderingKey);
  for (const [key, value] of Object.entries(attributes)) bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  return bytes;
}

function notesOf(topic: Topic, body: Uint8Array | undefined): readonly string[] {
  const notes: string[] = [];
  if (topic.schema === undefined) notes.push("The topic has no schema: only the codec was asked.");
  if (body !== undefined && topic.orderingKey !== undefined) notes.push("The ordering key stays as it is.");
  return notes;
}

function wordsOf(error: unknown): string {
  if (error instanceof PubSubError || error instanceof Error) return error.message.slice(0, 300);
  return "it threw something that is no error";
}
