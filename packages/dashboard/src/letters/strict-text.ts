const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of bytes that are UTF-8; `undefined` for others. Never altered. */
export function strictText(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The longest beginning that is UTF-8 by itself: a cut may have parted a character. */
export function beginningOf(bytes: Uint8Array, most: number): string | undefined {
  if (bytes.byteLength <= most) return strictText(bytes);
  for (let end = most; end > most - 4 && end >= 0; end -= 1) {
    const text = strictText(bytes.subarray(0, end));
    if (text !== undefined) return text;
  }
  return undefined;
}
