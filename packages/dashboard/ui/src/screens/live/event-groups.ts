import type { WireEventType } from "../../../../src/api/wire-event.ts";

/** What the visitor chooses by. */
export interface EventGroup {
  readonly name: string;
  readonly title: string;
  readonly types: readonly WireEventType[];
}

export const EVENT_GROUPS: readonly EventGroup[] = [
  { name: "published", title: "Published", types: ["published", "publish-failed"] },
  { name: "starts", title: "Starts", types: ["publish", "deliver"] },
  { name: "handled", title: "Handled", types: ["ack", "skipped", "release"] },
  { name: "retries", title: "Retries", types: ["retry", "lease-lost"] },
  {
    name: "letters",
    title: "Dead letters",
    types: ["dead-letter", "dead-letter-failed", "redrive", "redrive-failed"],
  },
  {
    name: "workers",
    title: "Workers",
    types: ["connection", "receiving", "failing", "paused", "resumed", "circuit"],
  },
];

/** Starts are left out at first: what they start is there when it has ended. */
const AT_FIRST = EVENT_GROUPS.filter(({ name }) => name !== "starts").map(({ name }) => name);

/** The names of the groups in the address: `?show=handled,retries`. */
export function chosenGroups(query: URLSearchParams): readonly string[] {
  return query.get("show")?.split(",") ?? AT_FIRST;
}

export function typesOf(groups: readonly string[]): readonly WireEventType[] {
  return EVENT_GROUPS.filter(({ name }) => groups.includes(name)).flatMap(({ types }) => types);
}
