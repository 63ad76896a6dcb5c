import { createHash } from "node:crypto";

/** A Lua script with its digest. Redis runs a script as one step: nothing else happens meanwhile. */
export interface Script {
  /** For errors. */
  readonly name: string;
  readonly source: string;
  /** SHA-1 in hexadecimal, by which Redis finds a script that it has loaded. */
  readonly sha: string;
}

/** `parts` are put together in this order. */
export function script(name: string, ...parts: readonly string[]): Script {
  const source = parts.join("\n");
  return Object.freeze({ name, source, sha: createHash("sha1").update(source).digest("hex") });
}
