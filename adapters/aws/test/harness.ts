import { type Broker, startBroker, type StartBrokerOptions } from "@anytopic/brokers";
import { createTcpProxy, type AdapterRequest, type Harness, type Quirk } from "@anytopic/conformance";
import { aws, awsCapabilities, type AwsOptions } from "@anytopic/aws";
import { DeleteQueueCommand } from "@aws-sdk/client-sqs";
import { createTestClients } from "./clients.ts";
import { foreignClient } from "./foreign-client.ts";
import { hostilePublisher } from "./hostile-publisher.ts";
import { FAUXQS_QUIRKS, MOTO_QUIRKS, MOTO_RECEIVERS } from "./quirks.ts";
import { queueStats, queueUrlOf } from "./queue-stats.ts";

export const REGION = "eu-west-1";

/** By implementation; none for an unknown one. */
export const QUIRKS: Readonly<Record<string, readonly Quirk[]>> = { fauxqs: FAUXQS_QUIRKS, moto: MOTO_QUIRKS };

/** An SNS and SQS endpoint behind a TCP proxy, and the SDK's plain clients beside it. */
export async function createHarness(broker: Broker): Promise<Harness> {
  const secure = broker.url.startsWith("https:");
  const proxy = secure ? undefined : await createTcpProxy({ targetHost: broker.host, targetPort: broker.port });
  const clients = createTestClients(broker.url);
  const optionsOf = ({ throughProxy = false }: AdapterRequest = {}): AwsOptions => ({
    region: REGION,
    endpoint: throughProxy && proxy !== undefined ? `http://${proxy.host}:${proxy.port}` : broker.url,
    ...(broker.implementation === "moto" ? { maxReceivers: MOTO_RECEIVERS } : undefined),
  });
  const { kill, start, freeze, thaw } = broker;
  return {
    name: "aws",
    implementation: broker.implementation,
    version: broker.version,
    capabilities: awsCapabilities,
    slack: { retryUpperMs: 2000 },
    quirks: QUIRKS[broker.implementation] ?? [],
    knownFaults: {
      copiedPublishes:
        "the SDK sends a request again that was not answered, and only FIFO topics recognise it by its id",
    },
    survivesRestart: broker.survivesRestart,
    ...(broker.implementation === "moto" ? { parallelism: 2 } : undefined),
    adapter: (request) => aws(optionsOf(request)),
    process: (request) => ({ module: import.meta.resolve("./process-adapter.ts"), args: optionsOf(request) }),
    ...(kill === undefined || start === undefined ? undefined : { broker: { kill, start, freeze, thaw } }),
    ...(proxy === undefined ? undefined : { proxy }),
    lacks: {
      ...(kill === undefined ? { broker: `a broker from ${broker.provider} is not ours to kill` } : undefined),
      ...(secure ? { proxy: "the endpoint's certificate is not for the address of a proxy" } : undefined),
    },
    stats: (name) => queueStats(clients, name),
    foreign: foreignClient(clients),
    hostile: hostilePublisher(clients),
    async deleteDeadLetters({ topic, subscription }): Promise<void> {
      const QueueUrl = await queueUrlOf(clients, { topic, subscription: `${subscription}_dlq` });
      await clients.sqs.send(new DeleteQueueCommand({ QueueUrl }));
    },
    unreachable: {
      adapter: () =>
        aws({
          region: REGION,
          endpoint: "http://127.0.0.1:1",
          credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "s3cr3t-acce55-key" },
        }),
      secret: "s3cr3t-acce55-key",
    },
    async close(): Promise<void> {
      clients.sns.destroy();
      clients.sqs.destroy();
      await proxy?.close();
      await broker.close();
    },
  };
}

/**
 * The broker that the environment names (`BROKERS`, `AWS_ENDPOINT_URL`), else fauxqs in its own process, which can be
 * killed. Not `persistent`: fauxqs 2.4.1 then loses each message that ChangeMessageVisibility makes visible.
 */
export function awsBroker(): StartBrokerOptions {
  const asked = (process.env["BROKERS"] ?? process.env["AWS_ENDPOINT_URL"] ?? "") !== "";
  return asked ? {} : { provider: "native", implementation: "fauxqs" };
}

/** For the tools that run only the suite. */
export async function startHarness(): Promise<Harness> {
  return createHarness(await startBroker("aws", awsBroker()));
}

/** For `--adapter` of the suite's command. */
export const harness = startHarness;
