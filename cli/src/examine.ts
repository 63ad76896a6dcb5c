import type { PlannedChange, PubSub } from "@anytopic/core";
import { type Declaration, nameOf } from "./declarations.ts";
import { table } from "./output.ts";

/**
 * How a declaration compares with the broker. `"incomplete"`: some of its parts are missing. `"cannot-be-changed"`:
 * it differs in something that cannot be changed in place.
 */
export type DeclarationState = "exists" | "missing" | "incomplete" | "differs" | "cannot-be-changed";

export interface ExaminedDeclaration {
  readonly declaration: string;
  readonly kind: Declaration["kind"];
  readonly state: DeclarationState;
}

export interface Examined {
  readonly declarations: readonly ExaminedDeclaration[];
  /** Without repetitions. */
  readonly changes: readonly PlannedChange[];
}

/** How many declarations are compared at the same time. */
const PARALLEL = 8;

/** Plans each declaration by itself, so that every difference has its declaration. */
export async function examine(pubsub: PubSub, declarations: readonly Declaration[]): Promise<Examined> {
  const changes = new Map<string, PlannedChange>();
  const examined: ExaminedDeclaration[] = [];
  const topicKeys = new Map<string, ReadonlySet<string>>();
  for (const kind of ["topic", "subscription"] as const) {
    const ofKind = declarations.filter((one) => one.kind === kind);
    for (let start = 0; start < ofKind.length; start += PARALLEL) {
      const part = ofKind.slice(start, start + PARALLEL);
      const found = await Promise.all(part.map((one) => pubsub.plan([one])));
      for (const [index, one] of part.entries()) {
        const all = found[index] ?? [];
        for (const change of all) changes.set(keyOf(change), change);
        if (one.kind === "topic") topicKeys.set(one.name, new Set(all.map(keyOf)));
        // A subscription's plan includes its topic.
        const topics = one.kind === "topic" ? undefined : topicKeys.get(one.topic.name);
        const own = all.filter((change) => topics?.has(keyOf(change)) !== true);
        examined.push({ declaration: nameOf(one), kind, state: stateOf(own) });
      }
    }
  }
  return { declarations: examined, changes: [...changes.values()] };
}

/** What has to be done, resource by resource. */
export function changesText(changes: readonly PlannedChange[]): string {
  const several = new Set(changes.map(({ connection }) => connection)).size > 1;
  const verbs = { create: "missing", update: "differs", replace: "cannot be changed in place" } as const;
  return changes
    .map(({ action, resource, detail, connection }) => {
      const place = several ? ` (connection ${connection})` : "";
      return `${verbs[action]}: ${resource}${place}${detail === "" ? "" : `: ${detail}`}`;
    })
    .join("\n");
}

export function planText({ declarations, changes }: Examined): string {
  const states = table(
    ["DECLARATION", "STATE"],
    declarations.map(({ declaration, state }) => [declaration, state.replaceAll("-", " ")]),
  );
  return `${states}\n\n${changesText(changes)}`;
}

function stateOf(changes: readonly PlannedChange[]): DeclarationState {
  if (changes.length === 0) return "exists";
  if (changes.some(({ action }) => action === "replace")) return "cannot-be-changed";
  if (changes.every(({ action }) => action === "create")) return "missing";
  return changes.some(({ action }) => action === "create") ? "incomplete" : "differs";
}

function keyOf({ connection, action, resource, detail }: PlannedChange): string {
  return JSON.stringify([connection, action, resource, detail]);
}
