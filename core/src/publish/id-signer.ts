import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";

import { MAX_ID_LENGTH } from "../contract/message-id.ts";
import { requireSecret } from "../options/publish-limits.ts";

/** 128 bits: too many to guess at a broker. */
const MAC_BYTES = 16;
/** `.` and 16 bytes in base64url. */
const SUFFIX_LENGTH = 23;

/**
 * Signs the ids of messages, so that nobody without the secret can use an id before its owner publishes it. A signature is valid for
 * one topic only. See docs/adr/061-signed-ids.md.
 */
export class IdSigner {
  readonly #key: KeyObject;

  /** @throws TypeError that does not show the secret */
  constructor(secret: string) {
    this.#key = createSecretKey(requireSecret(secret), "utf8");
  }

  /**
   * Returns `<id>.<signature>`. An id that was signed with this secret for this topic is returned unchanged.
   * @throws TypeError when the id is too long for a signature
   */
  sign(topic: string, id: string): string {
    if (this.isSigned(topic, id)) return id;
    if (id.length > MAX_ID_LENGTH - SUFFIX_LENGTH) {
      throw new TypeError(
        `id has ${id.length} characters: with publish.idSecret at most ${MAX_ID_LENGTH - SUFFIX_LENGTH}, since its signature is added`,
      );
    }
    return `${id}.${this.#mac(topic, id).toString("base64url")}`;
  }

  /** Whether an id was signed with this secret for this topic. */
  isSigned(topic: string, id: string): boolean {
    const at = id.length - SUFFIX_LENGTH;
    if (at < 1 || id[at] !== ".") return false;
    const text = id.slice(at + 1);
    const given = Buffer.from(text, "base64url");
    // `Buffer.from` ignores characters that are not base64url, and unused bits.
    if (given.length !== MAC_BYTES || given.toString("base64url") !== text) return false;
    return timingSafeEqual(given, this.#mac(topic, id.slice(0, at)));
  }

  #mac(topic: string, id: string): Buffer {
    // Neither part can contain a line break.
    return createHmac("sha256", this.#key).update(`${topic}\n${id}`).digest().subarray(0, MAC_BYTES);
  }
}
