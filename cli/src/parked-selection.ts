import type { OptionSpecs } from "./command.ts";
import { DATABASE_OPTIONS } from "./database.ts";
import type { Given } from "./given.ts";
import type { ParkedSelection } from "./outbox-packages.ts";
import { parseCount } from "./parse-count.ts";

/** Flags that choose parked messages; those given must all apply. */
export const PARKED_OPTIONS: OptionSpecs = Object.freeze({
  ...DATABASE_OPTIONS,
  topic: { type: "string", value: "NAME", description: "of this topic" },
  id: { type: "string", value: "ID", multiple: true, description: "with this id; may be repeated" },
  limit: { type: "string", value: "N", description: "at most so many, the oldest first" },
});

/** @throws UsageError */
export function parkedSelection(given: Given, maxLimit: number): ParkedSelection {
  const ids = given.texts("id");
  const limit = given.text("limit");
  return {
    topic: given.text("topic"),
    ids: ids.length === 0 ? undefined : ids,
    limit: limit === undefined ? undefined : parseCount("limit", limit, 1, maxLimit),
  };
}
