import type { Socket } from "node:net";
import type { ClusterClients } from "@anytopic/conformance";
import { rabbitmq, type RabbitmqNative } from "@anytopic/rabbitmq";
import type { RabbitmqCluster } from "./rabbitmq-cluster.ts";

/** Shorter than the default: two silent ones end the connection to a node that is cut off. */
const HEARTBEAT_SECONDS = 5;

/** Each connection begins with its node, and knows the others. */
export const clientsOf = ({ urls }: RabbitmqCluster): ClusterClients => ({
  servers: urls.map((url) => new URL(url).port),
  copiesRetries: true,
  adapter: (node) =>
    rabbitmq({ url: [...urls.slice(node), ...urls.slice(0, node)], heartbeatSeconds: HEARTBEAT_SECONDS }),
  serverOf: ({ native }) => {
    const { stream } = ((native as RabbitmqNative).consumeConnection?.connection ?? {}) as { readonly stream?: Socket };
    return `port ${stream?.remotePort}`;
  },
});
