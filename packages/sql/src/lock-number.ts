import { hash } from "node:crypto";

/** The number of a name for locks of PostgreSQL, uniform in 64 bits, as text: not every library takes a bigint. */
export function lockNumber(name: string): string {
  return hash("sha256", name, "buffer").readBigInt64BE().toString();
}
