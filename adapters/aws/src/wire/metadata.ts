/** The one message attribute that is ours. */
export const METADATA_ATTRIBUTE = "anytopic";

export type BodyEncoding = "base64" | "empty";

/**
 * What a message carries of ours, as JSON in one attribute, so that nine are left for the user:
 * `{"id":"0190…","time":1700000000000}` and, only where needed, the rest.
 */
export interface Metadata {
  readonly id: string;
  /** Unix ms of the publish. */
  readonly time: number;
  /** The ordering key when the message group does not tell it; `null`: there is none, the message group is only for spreading. */
  readonly key?: string | null;
  /** `"base64"`: that is what the body is, because the event is not text that SQS can carry. `"empty"`: the body is a placeholder, because SQS carries no empty ones. */
  readonly encoding?: BodyEncoding;
  /** Attributes that SQS cannot carry, or more of them than it can. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** As JSON within the characters that SQS takes. */
export function writeMetadata(metadata: Metadata): string {
  return JSON.stringify(metadata).replaceAll(/[\uFFFE\uFFFF]/g, (character) =>
    character === "\uFFFE" ? "\\ufffe" : "\\uffff",
  );
}

/** Undefined when the text is not ours, whoever wrote it. */
export function readMetadata(text: string | undefined): Metadata | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
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
