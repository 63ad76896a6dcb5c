import { PubSubError, type Topology, type TopologyChange } from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { Status, statusOf, toPubSubError } from "./errors.ts";
import { type ActualSubscription, differencesOf, type Resource, resourcesOf } from "./topology/resources.ts";

/** Resources that are compared or changed at the same time. */
const PARALLEL = 8;

interface Comparison {
  /** The filter that the subscription has at the service. */
  readonly filter?: string | null | undefined;
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
  const [topics, subscriptions] = byKind(resourcesOf(connection, topology));
  const act = (resource: Resource): Promise<readonly TopologyChange[]> => ensure(connection, resource, update);
  return [...(await each(topics, act)), ...(await each(subscriptions, act))].flat();
}

export async function destroyTopology(connection: Connection, topology: Topology): Promise<readonly string[]> {
  const [topics, subscriptions] = byKind(resourcesOf(connection, topology));
  const act = async (resource: Resource): Promise<readonly string[]> => {
    const request = { [resource.kind]: resource.name };
    const deleted = await admin(connection, "delete", resource, request, Status.NOT_FOUND);
    return deleted === undefined ? [] : [label(resource)];
  };
  return [...(await each(subscriptions, act)), ...(await each(topics, act))].flat();
}

function byKind(
  resources: readonly Resource[],
): readonly [topics: readonly Resource[], subscriptions: readonly Resource[]] {
  const isTopic = ({ kind }: Resource): boolean => kind === "topic";
  return [resources.filter(isTopic), resources.filter((resource) => !isTopic(resource))];
}

function label(resource: Resource): string {
  return `${resource.kind} ${resource.id}`;
}

async function compare(connection: Connection, resource: Resource): Promise<Comparison> {
  const found = await admin(connection, "get", resource, { [resource.kind]: resource.name }, Status.NOT_FOUND);
  if (found === undefined)
    return { changes: [{ action: "create", resource: label(resource), detail: "" }], fields: [] };
  const actual = found as ActualSubscription;
  const differences = resource.kind === "topic" ? [] : differencesOf(resource, actual);
  return {
    filter: actual.filter,
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
    const declared = resource.kind === "topic" ? { name: resource.name } : resource.declared;
    const created = await admin(connection, "create", resource, declared, Status.ALREADY_EXISTS);
    if (created !== undefined) return compared.changes;
    compared = await compare(connection, resource);
  }
  refuseOtherFilter(connection, resource, compared.filter);
  if (!update || compared.fields.length === 0 || resource.kind === "topic") return [];
  const request = { subscription: resource.declared, updateMask: { paths: compared.fields } };
  await admin(connection, "update", resource, request);
  return compared.changes.filter(({ action }) => action === "update");
}

/** The service would hold back what passes now, and it changes no filter. Without one it only delivers more. */
function refuseOtherFilter({ options }: Connection, resource: Resource, actual: string | null | undefined): void {
  if (resource.kind === "topic" || !options.filtersAtService || !actual || actual === resource.declared.filter) return;
  throw new PubSubError(
    "TOPOLOGY_MISMATCH",
    `${label(resource)} has the filter ${actual} at the service, declared is ${resource.declared.filter ?? "none"}: Pub/Sub changes no ` +
      "filter, and holds back what only the declared one lets pass. Declare a subscription with another name, or delete this one with its messages",
  );
}

type Cancellable = Promise<readonly unknown[]> & { cancel?(): void };

const VERBS = { get: "look at", create: "create", update: "change", delete: "delete" } as const;

/**
 * The answer to an admin call, or undefined when it failed with the status `expected`. The client library retries such a call
 * for minutes, so it is cancelled when the connection closes. What the methods of the generated clients return cannot be
 * cancelled, but what they call can.
 */
async function admin(
  { clients, closed }: Connection,
  action: keyof typeof VERBS,
  resource: Resource,
  request: object,
  expected?: number,
): Promise<unknown> {
  const [client, method] =
    resource.kind === "topic"
      ? ([clients.publisher, `${action}Topic`] as const)
      : ([clients.subscriber, `${action}Subscription`] as const);
  const field = { get: resource.kind, create: "name", update: "subscription.name", delete: resource.kind }[action];
  const headers = { "x-goog-request-params": `${field}=${encodeURIComponent(resource.name)}` };
  const call = client.innerApiCalls[method]?.(request, { otherArgs: { headers } }) as Cancellable;
  const cancel = (): void => call.cancel?.();
  closed.addEventListener("abort", cancel);
  try {
    return (await call)[0];
  } catch (error) {
    closed.throwIfAborted();
    if (expected !== undefined && statusOf(error) === expected) return undefined;
    const role = action === "get" ? "roles/pubsub.viewer" : "roles/pubsub.editor";
    throw toPubSubError(error, { verb: VERBS[action], resource: `${resource.kind} ${resource.name}`, role });
  } finally {
    closed.removeEventListener("abort", cancel);
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
