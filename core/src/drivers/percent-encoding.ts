/**
 * Reversible, readable escaping for text that a broker cannot carry as it is: `%` and every character that `unsafe`
 * matches become the percent-encoded bytes of their UTF-8. `unsafe` must be global and match single characters.
 */
export function percentEncode(text: string, unsafe: RegExp): string {
  return text.replaceAll("%", "%25").replace(unsafe, encodeCharacter);
}

function encodeCharacter(character: string): string {
  let encoded = "";
  for (const byte of Buffer.from(character, "utf8")) encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return encoded;
}

/** Undoes `percentEncode`. Text that it cannot have made comes back as it is. */
export function percentDecode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
