import { createHash } from "node:crypto";

/** The id of a message in a replay `asNew`: the same for the same label and id, and unlike any other. */
export function newId(label: string, id: string): string {
  return `replay-${createHash("sha256")
    .update(JSON.stringify([label, id]))
    .digest("hex")}`;
}
