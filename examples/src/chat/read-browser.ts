import { z } from "zod";

import type { FromBrowser } from "./protocol.ts";
import { Said } from "./topics.ts";

const { room, name, text } = Said.shape;

const Message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("join"), room, name }),
  z.object({ type: z.literal("say"), id: z.uuid(), text }),
]);

/** What a browser has sent; `undefined` when it is anything else. Whoever opens the page is a stranger. */
export function readBrowser(bytes: Buffer): FromBrowser | undefined {
  try {
    return Message.parse(JSON.parse(bytes.toString()));
  } catch {
    return undefined;
  }
}
