import { isUtf8 } from "node:buffer";

/** The first line, with or without a status. NATS ADR-4: https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-4.md (2026-11-26). */
const FIRST_LINE = /^NATS\/1\.0(?: \d{3}(?: [^\r\n]*)?)?\r\n/;
const NAME = /^[!-9;-~]+$/;
const LINE_BREAK = /[\r\n]/;

/**
 * Reads a header block and calls `line` for each header. The client's header class is not used, for three reasons. The
 * server stores any bytes as headers. The class throws on many of them, inside the client's read loop. And it takes a
 * second for the 16,000 short lines that fit into one message.
 *
 * @returns what is wrong with the block, without quoting it; undefined when it was read to its end
 */
export function readHeaders(bytes: Uint8Array, line: (name: string, value: string) => void): string | undefined {
  if (!isUtf8(bytes)) return "its headers are not UTF-8";
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  const first = FIRST_LINE.exec(block);
  if (first === null) return "its headers do not begin with NATS/1.0";
  if (!block.endsWith("\r\n\r\n")) return "its headers do not end with an empty line";
  const end = block.length - 2;
  for (let start = first[0].length; start < end;) {
    const lineEnd = block.indexOf("\r\n", start);
    const colon = block.indexOf(":", start);
    if (colon === -1 || colon > lineEnd) return "its headers have a line without a colon";
    const name = block.slice(start, colon);
    if (!NAME.test(name)) return "its headers have a name that is not printable ASCII";
    const value = block.slice(colon + 1, lineEnd).trim();
    if (LINE_BREAK.test(value)) return "its headers have a value with a line break";
    line(name, value);
    start = lineEnd + 2;
  }
  return undefined;
}
