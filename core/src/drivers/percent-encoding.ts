/**
 * Reversible escaping for text that a broker cannot carry: `%` and every character that `unsafe` matches become their percent-encoded
 * UTF-8 bytes. `unsafe` must be global and match single characters.
 */
export function percentEncode(text: string, unsafe: RegExp): string {
  return text.replaceAll("%", "%25").replace(unsafe, encodeCharacter);
}

function encodeCharacter(character: string): string {
  let encoded = "";
  for (const byte of Buffer.from(character, "utf8")) encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return encoded;
}

/** The reverse of `percentEncode`. Text that is not percent-encoded is returned unchanged. */
export function percentDecode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
