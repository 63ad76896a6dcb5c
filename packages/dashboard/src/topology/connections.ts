import type { ConnectionHealth, Health, PubSub } from "@anytopic/core";
import { shownUrl } from "@anytopic/core/config";
import { requireWithin } from "@anytopic/core/driver";
import { PubSubError } from "@anytopic/core";
import type { ConnectionDetail, Connections } from "../api/connections.ts";
import type { DashboardContext } from "../context.ts";
import { pathOf } from "../declared-subscription.ts";
import { wireFailure } from "../wire-failure.ts";
import { connectionsOf } from "./connections-of.ts";
import { reached } from "./reached.ts";

/** A connection that is not open yet has so long to open, in ms. */
const OPEN_WITHIN_MS = 3000;

/** Every connection, also those that cannot be opened. */
export async function connectionsAnswer(context: DashboardContext): Promise<Connections> {
  const { pubsub, unavailable } = await reached(context);
  const { config } = context;
  const names = pubsub?.connections ?? Object.keys(config?.connections ?? {});
  const health = pubsub?.health();
  return {
    unavailable,
    health: health?.status ?? null,
    closing: health?.closing ?? false,
    publishing: health?.publishing ?? null,
    connections: await Promise.all(
      names.map(async (name, index) => ({
        name,
        isDefault: config === undefined ? index === 0 : name === config.default,
        ...placeOf(context, name),
        ...(pubsub === undefined ? notOpen(unavailable) : await opened(context, pubsub, name)),
        topics: context.topics.filter((one) => connectionsOf(pubsub, one).includes(name)).map((one) => one.name),
        subscriptions: context.subscriptions.filter((one) => connectionsOf(pubsub, one).includes(name)).map(pathOf),
      })),
    ),
  };
}

/** Never a value of an option: it may be a secret. */
function placeOf({ config }: DashboardContext, name: string): Pick<ConnectionDetail, "url" | "options"> {
  const found = config !== undefined && Object.hasOwn(config.connections, name) ? config.connections[name] : undefined;
  return found === undefined
    ? { url: null, options: [] }
    : { url: shownUrl(found.url), options: Object.keys(found.options) };
}

type Opened = Pick<ConnectionDetail, "state" | "error" | "adapter" | "server" | "capabilities" | "blindSpot">;

function notOpen(error: Opened["error"]): Opened {
  return { state: "not-open", error, adapter: null, server: null, capabilities: null, blindSpot: null };
}

async function opened({ clock }: DashboardContext, pubsub: PubSub, name: string): Promise<Opened> {
  try {
    const late = (): PubSubError => new PubSubError("TIMEOUT", `not open after ${OPEN_WITHIN_MS} ms`);
    const info = await requireWithin(clock, OPEN_WITHIN_MS, pubsub.connection(name), late);
    const { adapter, server, capabilities, blindSpot = null } = info;
    const health = healthOf(pubsub.health(), name);
    return { state: health?.state ?? "up", error: health?.error ?? null, adapter, server, capabilities, blindSpot };
  } catch (error) {
    return notOpen(wireFailure(error));
  }
}

function healthOf({ connections }: Health, name: string): ConnectionHealth | undefined {
  return connections.find((one) => one.name === name);
}
