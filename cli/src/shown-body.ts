export interface ShownBody {
  readonly body: string;
  readonly bodyEncoding: "utf8" | "base64";
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes for people and for JSON: text where they are text, never altered. */
export function shownBody(bytes: Uint8Array): ShownBody {
  try {
    return { body: strictUtf8.decode(bytes), bodyEncoding: "utf8" };
  } catch {
    return { body: Buffer.from(bytes).toString("base64"), bodyEncoding: "base64" };
  }
}
