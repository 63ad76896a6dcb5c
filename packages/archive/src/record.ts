import type { ArchivedMessage } from "./archive-store.ts";

/** One line of a file or an object. The time is first, so that a person sees it first. */
interface Wire {
  readonly publishTime: string;
  readonly id: string;
  readonly key?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly body: string;
}

/** The last millisecond of the year 9999: later times have another ISO form. */
const MAX_TIME_MS = 253_402_300_799_999;

/** One message as a line of JSON without its topic, which is in the path. Two equal messages have equal lines. */
export function recordLine({ id, body, attributes, orderingKey, publishTimeMs }: ArchivedMessage): string {
  const wire: Wire = {
    publishTime: new Date(publishTimeMs).toISOString(),
    id,
    ...(orderingKey === undefined ? {} : { key: orderingKey }),
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64"),
  };
  return `${JSON.stringify(wire)}\n`;
}

/** The message of a line. `undefined` when it is none: the file was damaged, or changed by somebody else. */
export function messageOf(topic: string, line: string): ArchivedMessage | undefined {
  let wire: unknown;
  try {
    wire = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isWire(wire)) return undefined;
  const publishTimeMs = Date.parse(wire.publishTime);
  if (!(publishTimeMs >= 0 && publishTimeMs <= MAX_TIME_MS)) return undefined;
  const attributes = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(wire.attributes ?? {})) attributes[key] = value;
  return {
    topic,
    id: wire.id,
    body: Buffer.from(wire.body, "base64"),
    attributes: Object.freeze(attributes),
    orderingKey: wire.key,
    publishTimeMs,
  };
}

function isWire(value: unknown): value is Wire {
  if (typeof value !== "object" || value === null) return false;
  const { publishTime, id, key, attributes, body } = value as Partial<Record<keyof Wire, unknown>>;
  return (
    typeof publishTime === "string" &&
    typeof id === "string" &&
    typeof body === "string" &&
    (key === undefined || typeof key === "string") &&
    (attributes === undefined || isTexts(attributes))
  );
}

function isTexts(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === "string");
}
