import type { ClusterClients } from "@anytopic/conformance";
import { nats } from "@anytopic/nats";
import type { NatsConnection } from "@nats-io/nats-core";
import { DeliveryTrace } from "./delivery-trace.ts";
import type { NatsCluster } from "./nats-cluster.ts";

/** All servers are named, and the client takes any of them. */
export const clientsOf = ({ servers }: NatsCluster): ClusterClients => ({
  servers,
  adapter: () => nats({ servers, replicas: 3, leaderLeaseMs: 3000 }),
  serverOf: ({ native }) => (native as NatsConnection).getServer(),
  watch: ({ native }, name, { orderedTopic, unorderedTopic, trace }) =>
    new DeliveryTrace([orderedTopic, unorderedTopic], (words) => trace.note(words)).watch(
      native as NatsConnection,
      name,
    ),
});
