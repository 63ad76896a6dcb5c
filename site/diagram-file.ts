import { createHash } from "node:crypto";
import { join } from "node:path";

/** Where the drawing of a Mermaid block is kept. It belongs to this text alone: a changed block needs a new drawing. */
export function diagramFile(text: string): string {
  return join(
    import.meta.dirname,
    "diagrams",
    `${createHash("sha256").update(text.trim()).digest("hex").slice(0, 12)}.svg`,
  );
}
