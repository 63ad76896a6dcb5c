import { PubSubError, type Topology, type TopologyChange } from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { type Attempted, Status, statusOf, toPubSubError } from "./errors.ts";
import {
  type ActualSubscription,
  differencesOf,
  type Resource,
  resourcesOf,
  type SubscriptionResource,
} from "./topology/resources.ts";

/** Resources looked at or changed at a time. */
const PARALLEL = 8;

interface Difference {
  readonly resource: Resource;
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

/** Topics before the subscriptions that need them. What somebody else creates meanwhile is compared, not an error. */
export async function applyTopology(
  connection: Connection,
  topology: Topology,
  update: boolean,
): Promise<readonly TopologyChange[]> {
  const resources = resourcesOf(connection, topology);
  const done: TopologyChange[] = [];
  for (const kind of ["topic", "subscription"] as const) {
    const ofKind = resources.filter((resource) => resource.kind === kind);
    const changes = await each(ofKind, async (resource) => await ensure(connection, resource, update));
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

async function compare(connection: Connection, resource: Resource): Promise<Difference> {
  const { publisherClient, subscriberClient, adminCalls } = connection;
  try {
    if (resource.kind === "topic") {
      await adminCalls.answer(publisherClient.getTopic({ topic: resource.name }));
      return { resource, changes: [], fields: [] };
    }
    const [actual] = await adminCalls.answer(subscriberClient.getSubscription({ subscription: resource.name }));
    return { resource, ...compareSubscription(resource, actual) };
  } catch (error) {
    if (statusOf(error) !== Status.NOT_FOUND) throw toPubSubError(error, attempted("look at", resource));
    return { resource, changes: [{ action: "create", resource: label(resource), detail: "" }], fields: [] };
  }
}

function compareSubscription(
  resource: SubscriptionResource,
  actual: ActualSubscription,
): Pick<Difference, "changes" | "fields"> {
  const differences = differencesOf(resource, actual);
  return {
    changes: differences.map(({ field, detail }) => ({
      action: field === undefined ? "replace" : "update",
      resource: label(resource),
      detail,
    })),
    fields: differences.flatMap(({ field }) => (field === undefined ? [] : [field])),
  };
}

async function ensure(connection: Connection, resource: Resource, update: boolean): Promise<readonly TopologyChange[]> {
  let compared = await compare(connection, resource);
  if (compared.changes[0]?.action === "create") {
    if (await create(connection, resource)) return compared.changes;
    compared = await compare(connection, resource);
  }
  if (!update || compared.fields.length === 0 || resource.kind === "topic") return [];
  const { subscriberClient, adminCalls } = connection;
  const updateMask = { paths: [...compared.fields] };
  try {
    await adminCalls.answer(subscriberClient.updateSubscription({ subscription: resource.declared, updateMask }));
  } catch (error) {
    throw toPubSubError(error, attempted("change", resource));
  }
  return compared.changes.filter(({ action }) => action === "update");
}

/** Returns false when it exists already. */
async function create(connection: Connection, resource: Resource): Promise<boolean> {
  const { publisherClient, subscriberClient, adminCalls } = connection;
  try {
    if (resource.kind === "topic") await adminCalls.answer(publisherClient.createTopic({ name: resource.name }));
    else await adminCalls.answer(subscriberClient.createSubscription(resource.declared));
    return true;
  } catch (error) {
    if (statusOf(error) === Status.ALREADY_EXISTS) return false;
    throw toPubSubError(error, attempted("create", resource));
  }
}

/** Returns false when it was not there. */
async function remove(connection: Connection, resource: Resource): Promise<boolean> {
  const { publisherClient, subscriberClient, adminCalls } = connection;
  try {
    if (resource.kind === "topic") await adminCalls.answer(publisherClient.deleteTopic({ topic: resource.name }));
    else await adminCalls.answer(subscriberClient.deleteSubscription({ subscription: resource.name }));
    return true;
  } catch (error) {
    if (statusOf(error) === Status.NOT_FOUND) return false;
    throw toPubSubError(error, attempted("delete", resource));
  }
}

function attempted(verb: string, resource: Resource): Attempted {
  const role = verb === "look at" ? "roles/pubsub.viewer" : "roles/pubsub.editor";
  return { verb, resource: `${resource.kind} ${resource.name}`, role };
}

async function each<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += PARALLEL) {
    const settled = await Promise.allSettled(items.slice(start, start + PARALLEL).map(act));
    for (const result of settled) {
      if (result.status === "rejected") {
        if (result.reason instanceof Error) throw result.reason;
        throw new PubSubError("UNKNOWN", "provisioning failed", { cause: result.reason });
      }
      results.push(result.value);
    }
  }
  return results;
}
