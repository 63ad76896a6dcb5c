import type { PlannedChange } from "@anytopic/core";
import { nameOf } from "./declarations.ts";
import { describeError } from "./describe-error.ts";
import { changesText, examine } from "./examine.ts";
import { counted } from "./output.ts";
import type { ProbedConnection } from "./probe-connections.ts";
import { type Settings, withPubSub } from "./settings.ts";

/** How the declarations compare with the brokers that answer. */
export interface TopologyReport {
  /** What `plan` finds. */
  readonly changes: readonly PlannedChange[];
  /** Declarations that could not be compared. */
  readonly unknown: readonly { readonly declaration: string; readonly code: string; readonly message: string }[];
  /** What cannot be seen on a connection, and how to check it manually. */
  readonly unseen: readonly { readonly connection: string; readonly detail: string }[];
}

/**
 * Plans each declaration by itself, so that a failure of one does not hide the others. Undefined when no broker
 * answers, or only brokers that keep nothing outside their process.
 */
export async function examineTopology(
  settings: Settings,
  connections: readonly ProbedConnection[],
  signal: AbortSignal,
): Promise<TopologyReport | undefined> {
  const { load } = settings;
  // A broker inside the process is empty at the start of every process: there is nothing to compare.
  const kept = connections.filter(({ reachable, capabilities }) => reachable && capabilities?.durability !== "process");
  if (kept.length === 0) return undefined;
  const unseen = kept.flatMap(({ name: connection, blindSpot: detail }) =>
    detail === undefined ? [] : [{ connection, detail }],
  );
  const changes = new Map<string, PlannedChange>();
  const unknown: TopologyReport["unknown"][number][] = [];
  const fail = (declaration: string, error: unknown): void => {
    const { code, message } = describeError(error);
    unknown.push({ declaration, code, message: load.conceal(message) });
  };
  try {
    const declarations = await settings.declarations();
    await withPubSub(settings, { signal }, async (pubsub) => {
      for (const one of declarations) {
        try {
          const { changes: found } = await examine(pubsub, [one]);
          for (const change of found) {
            if (kept.some(({ name }) => name === change.connection)) changes.set(JSON.stringify(change), change);
          }
        } catch (error) {
          fail(nameOf(one), error);
        }
      }
    });
  } catch (error) {
    // The default connection does not answer; another part of the output says so.
    fail("all", error);
  }
  return { changes: [...changes.values()], unknown, unseen };
}

export function topologyText({ changes, unknown, unseen }: TopologyReport): string {
  const lines = [
    changes.length === 0
      ? unknown.length === 0
        ? "everything exists as declared"
        : undefined
      : `${changesText(changes)}\n${counted(changes.length, "difference")}: see \`anytopic plan\``,
    ...unknown.map(({ declaration, code, message }) => `cannot be compared (${code}): ${declaration}: ${message}`),
    ...unseen.map(({ connection, detail }) => `connection ${connection}: ${detail}`),
  ];
  return `Topology\n${lines
    .filter((line) => line !== undefined)
    .join("\n")
    .replaceAll(/^/gm, "  ")}`;
}
