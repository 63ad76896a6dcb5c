const QUOTED = /"[^"]*"|`[^`]*`|(?<![\p{L}\p{N}])'[^']*'(?![\p{L}\p{N}])|“[^”]*”/gu;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
/** Eight or more hexadecimal digits, among them a decimal one: no word is like that. */
const HEX = /\b(?:0x)?(?=[a-f]*\d)[0-9a-f]{8,}\b/gi;
/** Long words with letters and digits are ids: `01HV7Q…`, `cus_N4a8…`. */
const TOKEN = /\b(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{16,}\b/gi;
/** What was masked in parts. */
const SEVERAL = /#(?:[-_:.]?#)+/g;
const DIGITS = /\d+(?:[.,:]\d+)*/g;

/** The message of an error without what differs from one letter to the next: quoted texts, ids and numbers. */
export function maskedMessage(message: string): string {
  return message
    .replace(QUOTED, "“…”")
    .replace(UUID, "#")
    .replace(HEX, "#")
    .replace(TOKEN, "#")
    .replace(DIGITS, "#")
    .replace(SEVERAL, "#")
    .replace(/\s+/g, " ")
    .trim();
}
