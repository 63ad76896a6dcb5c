import type { Message } from "amqplib";
import { type Headers, tableBytes } from "./header-table.ts";
import { headerText } from "./header-text.ts";
import { isAlwaysDirect, ownCount } from "./provenance.ts";

/** How many bytes of the body are the message's own. The headers that did not fit follow them, as JSON. */
export const BODY_BYTES_HEADER = "anytopic-body-bytes";

/**
 * Foreign messages can have headers that cannot be sent again: together larger than amqplib's buffer or this connection's frames,
 * or with names that were not UTF-8 and have grown. Then the headers are appended to the body, so that nothing is lost.
 *
 * @param always headers that stay headers
 */
export function withHeaders(
  body: Buffer,
  headers: Headers,
  maxHeaderBytes: number,
  always: Headers = {},
): { readonly body: Buffer; readonly headers: Headers } {
  const all = { ...headers, ...always };
  if (tableBytes(all) <= maxHeaderBytes) return { body, headers: all };
  const spilled = Object.keys(headers).map((name) => [name, jsonSafe(headers[name])]);
  const text = JSON.stringify(Object.fromEntries(spilled));
  return {
    body: Buffer.concat([body, Buffer.from(text)]),
    headers: { ...always, [BODY_BYTES_HEADER]: body.byteLength },
  };
}

/** Body and headers of a message as they were before `withHeaders`. */
export function withoutSpill(message: Message): { readonly body: Buffer; readonly headers: Headers } {
  const headers: Headers = message.properties.headers ?? {};
  const { content } = message;
  const bytes = isAlwaysDirect(message, headers) ? ownCount(headers, BODY_BYTES_HEADER) : undefined;
  if (bytes === undefined || bytes >= content.byteLength) return { body: content, headers };
  const spilled = parsed(content.subarray(bytes).toString());
  if (spilled === undefined) return { body: content, headers };
  return { body: content.subarray(0, bytes), headers: { ...spilled, ...headers } };
}

function parsed(text: string): Headers | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Headers) : undefined;
  } catch {
    return undefined;
  }
}

function jsonSafe(value: unknown): unknown {
  return Number.isSafeInteger(value) ? value : headerText(value);
}
