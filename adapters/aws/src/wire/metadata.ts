import { readJson } from "./json-text.ts";

/** The one message attribute that is ours. */
export const METADATA_ATTRIBUTE = "anytopic";

/** How the metadata of a message begins that has packed attributes: filter policies let every such message through. */
export const PACKED_PREFIX = '{"attributes":';

export type BodyEncoding = "base64" | "empty";

/**
 * What we send with a message, as JSON in one attribute, so that nine are left for the user:
 * `{"id":"0190…","time":1700000000000}`, and the other fields only where they are needed.
 */
export interface Metadata {
  readonly id: string;
  /** Unix ms of the publish. */
  readonly time: number;
  /** The ordering key, where it is not the message group. `null`: there is none, and the message group only spreads messages. */
  readonly key?: string | null;
  /** `"base64"`: the body is base64, because the event is not text that SQS can carry. `"empty"`: the body is a placeholder, because SQS carries no empty body. */
  readonly encoding?: BodyEncoding;
  /** Attributes that SQS cannot carry, and those beyond its largest number. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** As JSON, packed attributes first, with only the characters that SQS allows. */
export function writeMetadata(metadata: Metadata): string {
  return JSON.stringify(metadata).replaceAll(/[\uFFFE\uFFFF]/g, (character) =>
    character === "\uFFFE" ? "\\ufffe" : "\\uffff",
  );
}

/** Undefined when the text is not our metadata. */
export function readMetadata(text: string | undefined): Metadata | undefined {
  const value = text === undefined ? undefined : readJson(text);
  return isMetadata(value) ? value : undefined;
}

function isMetadata(value: unknown): value is Metadata {
  if (typeof value !== "object" || value === null) return false;
  const { id, time, key, encoding, attributes } = value as Record<keyof Metadata, unknown>;
  return (
    typeof id === "string" &&
    id !== "" &&
    typeof time === "number" &&
    (key === undefined || key === null || (typeof key === "string" && key !== "")) &&
    (encoding === undefined || encoding === "base64" || encoding === "empty") &&
    (attributes === undefined || isTextRecord(attributes))
  );
}

function isTextRecord(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === "string");
}
