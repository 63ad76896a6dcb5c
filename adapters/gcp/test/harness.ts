import { type Broker, startBroker } from "@anytopic/brokers";
import { createTcpProxy, type AdapterRequest, type Harness } from "@anytopic/conformance";
import { gcp, gcpCapabilities, type GcpOptions } from "@anytopic/gcp";
import { PubSub } from "@google-cloud/pubsub";
import { googleAuthLibrary } from "google-gax";
import { createForeignClient } from "./foreign-client.ts";
import { hostilePublisher } from "./hostile-publisher.ts";
import { quirksOf } from "./quirks.ts";
import { startWaitingFront } from "./waiting-front.ts";

const projectId = "conformance";

export interface HarnessOptions {
  /** Pulls wait, as on the service, at a front before the emulator that notices when one is given up. */
  readonly waitingPulls?: boolean;
}

/** A Pub/Sub emulator of its own behind a TCP proxy, and the plain client beside it. */
export async function createHarness(broker: Broker, { waitingPulls = false }: HarnessOptions = {}): Promise<Harness> {
  const front = waitingPulls ? await startWaitingFront(broker) : undefined;
  const { host, port } = front ?? broker;
  const proxy = await createTcpProxy({ targetHost: host, targetPort: port });
  const authClient = new googleAuthLibrary.PassThroughClient();
  const client = new PubSub({ projectId, apiEndpoint: broker.url, authClient });
  const optionsOf = ({ throughProxy = false }: AdapterRequest = {}): GcpOptions => ({
    projectId,
    emulatorHost: throughProxy ? `${proxy.host}:${proxy.port}` : `${host}:${port}`,
    waitingPulls,
  });
  const { kill, start, freeze, thaw } = broker;
  return {
    name: "gcp",
    implementation: waitingPulls ? `${broker.implementation}, waiting pulls` : broker.implementation,
    version: broker.version,
    capabilities: gcpCapabilities,
    slack: { retryUpperMs: 2000 },
    quirks: quirksOf(broker.implementation),
    lacks: {
      stats: "Pub/Sub tells numbers by Cloud Monitoring only, which the emulators do not have",
      ...(kill === undefined ? { broker: `a broker from ${broker.provider} is not ours to kill` } : {}),
    },
    survivesRestart: broker.survivesRestart,
    adapter: (request) => gcp(optionsOf(request)),
    process: (request) => ({ module: import.meta.resolve("./process-adapter.ts"), args: optionsOf(request) }),
    ...(kill === undefined || start === undefined ? {} : { broker: { kill, start, freeze, thaw } }),
    proxy,
    foreign: createForeignClient(client),
    hostile: hostilePublisher(client),
    async deleteDeadLetters({ topic, subscription }): Promise<void> {
      await client.subscription(`${topic}.${subscription}.dead-letters`).delete();
    },
    unreachable: {
      adapter: () =>
        gcp({
          projectId,
          emulatorHost: "127.0.0.1:1",
          clientConfig: { credentials: { client_email: "somebody@example.com", private_key: "s3cr3t-pr1vate-key" } },
        }),
      secret: "s3cr3t-pr1vate-key",
    },
    async close(): Promise<void> {
      await client.close();
      await proxy.close();
      await front?.close();
      await broker.close();
    },
  };
}

export async function startHarness(): Promise<Harness> {
  return createHarness(await startBroker("gcp"));
}

/** For `--adapter` of the suite's command. */
export const harness = startHarness;
