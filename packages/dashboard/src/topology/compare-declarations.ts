import { type AnySubscription, type AnyTopic, type PlannedChange, type PubSub } from "@anytopic/core";
import type { DriftState } from "../api/overview.ts";
import type { Difference, DriftedDeclaration, Plan } from "../api/plan.ts";
import { pathOf } from "../declared-subscription.ts";
import { wireFailure } from "../wire-failure.ts";

type Declaration = AnyTopic | AnySubscription;

export type Compared = Pick<Plan, "declarations" | "failures">;

/** So many declarations are compared at the same time. */
const PARALLEL = 8;

/**
 * Compares with the broker, the declarations of each connection by themselves, so that one that does not answer does not hide the others.
 * One question for all of them; only when something differs, one for each, to know which it is.
 */
export async function compareDeclarations(pubsub: PubSub, declarations: readonly Declaration[]): Promise<Compared> {
  const changes = new Map<Declaration, readonly PlannedChange[]>();
  const failures = await Promise.all(
    [...byConnections(pubsub, declarations)].map(async ([connections, own]) => {
      try {
        if ((await pubsub.plan(own)).length > 0) await examineEach(pubsub, own, changes);
        return [];
      } catch (error) {
        return [{ connections: connections.split(SEPARATOR), ...wireFailure(error) }];
      }
    }),
  );
  return { declarations: attributed(declarations, changes), failures: failures.flat() };
}

/** The name of a connection has no line feed. */
const SEPARATOR = "\n";

function byConnections(pubsub: PubSub, declarations: readonly Declaration[]): Map<string, Declaration[]> {
  const groups = new Map<string, Declaration[]>();
  for (const one of declarations) {
    const key = pubsub.routeOf(one).connections.join(SEPARATOR);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}

async function examineEach(
  pubsub: PubSub,
  declarations: readonly Declaration[],
  changes: Map<Declaration, readonly PlannedChange[]>,
): Promise<void> {
  const left = declarations.values();
  const readers = Array.from({ length: PARALLEL }, async () => {
    for (const one of left) changes.set(one, await pubsub.plan([one]));
  });
  await Promise.all(readers);
}

/** The plan of a subscription includes its topic: what the topic has by itself is not told again. */
function attributed(
  declarations: readonly Declaration[],
  changes: ReadonlyMap<Declaration, readonly PlannedChange[]>,
): readonly DriftedDeclaration[] {
  const topics = declarations.filter((one) => one.kind === "topic");
  const ofTopic = new Map(topics.map((one) => [one.name, keysOf(changes.get(one))]));
  return declarations.flatMap((one) => {
    const all = changes.get(one) ?? [];
    if (one.kind === "topic") return drifted(one.name, one.kind, all);
    const ofIts = ofTopic.get(one.topic.name);
    const own = all.filter((change) => ofIts?.has(keyOf(change)) !== true);
    return drifted(pathOf(one), one.kind, own);
  });
}

function drifted(
  declaration: string,
  kind: Declaration["kind"],
  found: readonly PlannedChange[],
): readonly DriftedDeclaration[] {
  if (found.length === 0) return [];
  const changes = found.map(({ connection, action, resource, detail }): Difference => ({
    connection,
    action,
    resource,
    detail,
  }));
  return [{ declaration, kind, state: stateOf(found), changes }];
}

function stateOf(changes: readonly PlannedChange[]): DriftState {
  if (changes.some(({ action }) => action === "replace")) return "cannot-be-changed";
  if (changes.every(({ action }) => action === "create")) return "missing";
  return changes.some(({ action }) => action === "create") ? "incomplete" : "differs";
}

function keysOf(changes: readonly PlannedChange[] = []): ReadonlySet<string> {
  return new Set(changes.map(keyOf));
}

function keyOf({ connection, action, resource, detail }: PlannedChange): string {
  return JSON.stringify([connection, action, resource, detail]);
}
