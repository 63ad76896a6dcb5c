import { connect, type Adapter, type Logger, type PubSub, type Subscription } from "@anytopic/core";
import type { LoadTrace } from "./load-trace.ts";

/** How the connections of a load reach the nodes of a cluster. */
export interface ClusterClients {
  /** The addresses of all nodes. */
  readonly servers: readonly string[];
  /** An adapter that knows all nodes, and begins with this one if it can choose. */
  readonly adapter: (node: number) => Adapter;
  /** The address of the node that it is connected to; it may have something before it. */
  readonly serverOf: (pubsub: PubSub) => string;
  /** A retry is a copy of the message, and a fault may leave both: each counts its own attempts. @default false */
  readonly copiesRetries?: boolean;
  /** Called with each connection of the load, to add to its trace what passes there. */
  readonly watch?: (pubsub: PubSub, name: string, load: WatchedLoad) => void;
}

interface WatchedLoad {
  readonly trace: LoadTrace;
  readonly orderedTopic: string;
  readonly unorderedTopic: string;
}

/** Shorter than the default: a leader that is gone does not answer, and the next attempt goes to the next leader. */
const PUBLISH_TIMEOUT_MS = 5000;
const CONNECT_ATTEMPTS = 60;

/** Where an adapter cannot choose, it is asked again until it has taken the node that is wanted. */
export async function connectOn<Event>(
  clients: ClusterClients,
  node: number,
  subscriptions: readonly Subscription<Event>[],
  logger: Logger,
): Promise<PubSub> {
  const wanted = clients.servers[node] as string;
  for (let attempt = 1; ; attempt += 1) {
    const pubsub = await connect(clients.adapter(node), {
      declarations: [...subscriptions],
      logger,
      publish: { timeoutMs: PUBLISH_TIMEOUT_MS },
      waitForBrokerMs: 30_000,
    });
    if (clients.serverOf(pubsub).endsWith(wanted)) return pubsub;
    await pubsub.close();
    if (attempt === CONNECT_ATTEMPTS) throw new Error(`no connection to ${wanted} in ${attempt} attempts`);
  }
}
