import { ADAPTER_PACKAGES } from "../adapter-packages.ts";
import type { Command } from "../command.ts";
import { selectDeclarations } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { exportedTopologies } from "../exported-topologies.ts";
import type { Settings } from "../settings.ts";
import { UsageError } from "../usage-error.ts";

const PROVIDERS = ["aws", "gcp", "nats", "rabbitmq", "redis"] as const;

/** `anytopic export policies` */
export const exportPolicies: Command = {
  name: "export policies",
  operands: "[topic|topic/subscription …]",
  operandCount: [0, 1000],
  summary: "write the least permissions that publishers, subscribers and operators need",
  details: `One JSON document: for each topic what its publishers need, for each subscription what its workers need, and what
the operators of its dead letters need. AWS: IAM policies; GCP: roles on resources; NATS and RabbitMQ: permissions of
a user; Redis: rules of ACL SETUSER. None of them may create anything: connect with provisioning "off", and apply in the deployment.`,
  example: "anytopic export policies --provider aws --role publisher signups",
  options: {
    provider: {
      type: "string",
      value: "NAME",
      choices: PROVIDERS,
      description: "aws, gcp, nats, rabbitmq or redis (default: the default connection's)",
    },
    role: {
      type: "string",
      value: "ROLE",
      choices: ["publisher", "subscriber", "operator"],
      description: "only publisher, subscriber or operator",
    },
  },
  offline: true,
  async run({ given, settings, output }) {
    const resolved = await settings();
    const provider = given.text("provider") ?? providerOfDefault(resolved);
    const declarations = selectDeclarations(await resolved.declarations(), given.positionals);
    const role = given.text("role");
    const found = await exportedTopologies(resolved, declarations, provider, output);
    const policies = found.flatMap(({ connection, topology, exporter }) =>
      exporter
        .policies(topology)
        .filter((policy) => role === undefined || policy.role === role)
        .map((policy) => ({ ...(connection === undefined ? {} : { connection }), ...policy })),
    );
    output.text(JSON.stringify({ provider, policies }, undefined, 2));
    return EXIT.ok;
  },
};

const PROVIDER_OF_SCHEME: Readonly<Record<string, string>> = {
  nats: "nats",
  tls: "nats",
  amqp: "rabbitmq",
  amqps: "rabbitmq",
  redis: "redis",
  rediss: "redis",
  aws: "aws",
  gcp: "gcp",
};

function providerOfDefault({ load }: Settings): string {
  const { config } = load;
  const scheme = /^([a-z0-9+.-]+):/i.exec(config.connections[config.default]?.url ?? "")?.[1]?.toLowerCase() ?? "";
  const provider = Object.hasOwn(PROVIDER_OF_SCHEME, scheme) ? PROVIDER_OF_SCHEME[scheme] : undefined;
  if (provider !== undefined && provider in ADAPTER_PACKAGES) return provider;
  throw new UsageError("the default connection has no permissions to write", `--provider ${PROVIDERS.join(", ")}`);
}
