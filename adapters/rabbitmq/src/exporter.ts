import type { ExportedPolicy, SubscriptionSpec, Topology, TopologyExporter } from "@anytopic/core/driver";
import { exchangeName, queueNames } from "./names.ts";
import type { CheckedOptions } from "./options.ts";

/** For `rabbitmqctl set_permissions`: regular expressions for names. https://www.rabbitmq.com/docs/access-control#authorisation (2026-11-22) */
interface Permissions {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

const NOTHING = "^$";
/** Writes directly to queues. A user that may write to it can write to every queue of the virtual host; RabbitMQ has no finer permission. */
const DEFAULT_EXCHANGE = String.raw`^amq\.default$`;

/** Describes a topology without contacting a broker. There is no Terraform: `apply` creates exchanges and queues. */
export function exporterOf({ prefix }: CheckedOptions): TopologyExporter {
  return Object.freeze({
    policies: ({ topics, subscriptions }: Topology) => [
      ...topics.map((topic): ExportedPolicy => {
        const document: Permissions = {
          configure: NOTHING,
          write: exactly(exchangeName(prefix, topic)),
          read: NOTHING,
        };
        return { role: "publisher", of: topic.name, document };
      }),
      ...subscriptions.flatMap((subscription) => subscriptionPolicies(subscription, prefix)),
    ],
  });
}

function subscriptionPolicies(subscription: SubscriptionSpec, prefix: string): readonly ExportedPolicy[] {
  const { queue, deadLetters, wait } = queueNames(prefix, subscription);
  const of = `${subscription.topic.name}/${subscription.name}`;
  // Wait queues for finer delays are created when first needed, and dead-letter to the queue.
  const waitQueues = String.raw`${escaped(wait)}\.[0-9]+ms`;
  const work: Permissions = {
    configure: `^${waitQueues}$`,
    write: DEFAULT_EXCHANGE,
    read: `^(${escaped(queue)}|${waitQueues})$`,
  };
  const operate: Permissions = { configure: NOTHING, write: DEFAULT_EXCHANGE, read: exactly(deadLetters) };
  return [
    { role: "subscriber", of, document: work },
    { role: "operator", of, document: operate },
  ];
}

function exactly(name: string): string {
  return `^${escaped(name)}$`;
}

function escaped(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
