import type { Topology, TopologyChange } from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { Status, statusOf, toPubSubError } from "./errors.ts";
import { type ActualSubscription, differencesOf, type Resource, resourcesOf } from "./topology/resources.ts";

/** Resources that are compared or changed at the same time. */
const PARALLEL = 8;

interface Comparison {
  readonly changes: readonly TopologyChange[];
  /** Fields of the update mask. */
  readonly fields: readonly string[];
}

export async function planTopology(
  connection: Connection,
  topology: Topology,
  signal?: AbortSignal,
): Promise<readonly TopologyChange[]> {
  const compared = await each(resourcesOf(connection, topology), (resource) => {
    signal?.throwIfAborted();
    return compare(connection, resource);
  });
  signal?.throwIfAborted();
  return compared.flatMap(({ changes }) => changes);
}

/** Creates topics before the subscriptions that need them. A resource that somebody else creates meanwhile is compared. */
export async function applyTopology(
  connection: Connection,
  topology: Topology,
  update: boolean,
): Promise<readonly TopologyChange[]> {
  const resources = resourcesOf(connection, topology);
  const done: TopologyChange[] = [];
  for (const kind of ["topic", "subscription"] as const) {
    const ofKind = resources.filter((resource) => resource.kind === kind);
    const changes = await each(ofKind, (resource) => ensure(connection, resource, update));
    done.push(...changes.flat());
  }
  return done;
}

export async function destroyTopology(connection: Connection, topology: Topology): Promise<readonly string[]> {
  const resources = resourcesOf(connection, topology);
  const names: string[] = [];
  for (const kind of ["subscription", "topic"] as const) {
    const ofKind = resources.filter((resource) => resource.kind === kind);
    const deleted = await each(ofKind, async (resource) =>
      (await remove(connection, resource)) ? [label(resource)] : [],
    );
    names.push(...deleted.flat());
  }
  return names;
}

function label(resource: Resource): string {
  return `${resource.kind} ${resource.id}`;
}

async function compare(connection: Connection, resource: Resource): Promise<Comparison> {
  const { publisher, subscriber } = connection.clients;
  const call = () =>
    resource.kind === "topic"
      ? publisher.getTopic({ topic: resource.name })
      : subscriber.getSubscription({ subscription: resource.name });
  const found = await admin<readonly unknown[]>(connection, "look at", resource, call, Status.NOT_FOUND);
  if (found === undefined)
    return { changes: [{ action: "create", resource: label(resource), detail: "" }], fields: [] };
  if (resource.kind === "topic") return { changes: [], fields: [] };
  const differences = differencesOf(resource, found[0] as ActualSubscription);
  return {
    changes: differences.map(({ field, detail }) => ({
      action: field === undefined ? "replace" : "update",
      resource: label(resource),
      detail,
    })),
    fields: differences.flatMap(({ field }) => field ?? []),
  };
}

async function ensure(connection: Connection, resource: Resource, update: boolean): Promise<readonly TopologyChange[]> {
  let compared = await compare(connection, resource);
  if (compared.changes[0]?.action === "create") {
    if (await create(connection, resource)) return compared.changes;
    compared = await compare(connection, resource);
  }
  if (!update || compared.fields.length === 0 || resource.kind === "topic") return [];
  const request = { subscription: resource.declared, updateMask: { paths: [...compared.fields] } };
  await admin(connection, "change", resource, () => connection.clients.subscriber.updateSubscription(request));
  return compared.changes.filter(({ action }) => action === "update");
}

/** Returns false when it exists already. */
async function create(connection: Connection, resource: Resource): Promise<boolean> {
  const { publisher, subscriber } = connection.clients;
  const call = () =>
    resource.kind === "topic"
      ? publisher.createTopic({ name: resource.name })
      : subscriber.createSubscription(resource.declared);
  return (await admin<unknown>(connection, "create", resource, call, Status.ALREADY_EXISTS)) !== undefined;
}

/** Returns false when it did not exist. */
async function remove(connection: Connection, resource: Resource): Promise<boolean> {
  const { publisher, subscriber } = connection.clients;
  const call = () =>
    resource.kind === "topic"
      ? publisher.deleteTopic({ topic: resource.name })
      : subscriber.deleteSubscription({ subscription: resource.name });
  return (await admin<unknown>(connection, "delete", resource, call, Status.NOT_FOUND)) !== undefined;
}

/** The answer to an admin call, or undefined when it failed with the status `expected`. */
async function admin<Answer>(
  { adminCalls }: Connection,
  verb: string,
  resource: Resource,
  call: () => Promise<Answer> & { cancel?(): void },
  expected?: number,
): Promise<Answer | undefined> {
  let pending: ReturnType<typeof call> | undefined;
  try {
    adminCalls.add((pending = call()));
    return await pending;
  } catch (error) {
    if (expected !== undefined && statusOf(error) === expected) return undefined;
    const role = verb === "look at" ? "roles/pubsub.viewer" : "roles/pubsub.editor";
    throw toPubSubError(error, { verb, resource: `${resource.kind} ${resource.name}`, role });
  } finally {
    if (pending !== undefined) adminCalls.delete(pending);
  }
}

/** A failure is thrown when all calls of its group have ended. */
async function each<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += PARALLEL) {
    const group = items.slice(start, start + PARALLEL).map(act);
    await Promise.allSettled(group);
    results.push(...(await Promise.all(group)));
  }
  return results;
}
