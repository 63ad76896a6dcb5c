import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { logTail, type ManagedProcess, startProcess, until } from "@anytopic/brokers";
import type { TcpProxy } from "@anytopic/conformance";

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 20_000;

export interface NodePlan {
  readonly command: string;
  /** `server_name`, which the cluster uses to tell its members apart. */
  readonly name: string;
  readonly folder: string;
  readonly clientPort: number;
  readonly clusterPort: number;
  readonly monitorPort: number;
  /** Clients reach this node only through it. */
  readonly clients: TcpProxy;
  /** The proxies through which this node reaches the others. */
  readonly routes: readonly TcpProxy[];
}

/** https://docs.nats.io/running-a-nats-service/nats_admin/monitoring#jetstream-information-jsz, read 2026-11-26. */
interface Known {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly { readonly name: string; readonly state: { readonly messages: number } }[];
  }[];
}

/** One of the servers of a cluster. */
export class ClusterNode {
  readonly name: string;
  readonly clients: TcpProxy;
  readonly #plan: NodePlan;
  #process: ManagedProcess | undefined;

  constructor(plan: NodePlan) {
    this.#plan = plan;
    this.name = plan.name;
    this.clients = plan.clients;
    mkdirSync(plan.folder, { recursive: true });
    writeFileSync(this.#configFile, natsClusterConfig(plan));
  }

  /** Starts the server, and does not wait until it has found the others. */
  async start(): Promise<void> {
    const { command, folder } = this.#plan;
    this.#process = await startProcess({
      command,
      args: ["--config", this.#configFile],
      cwd: folder,
      logFile: this.#logFile,
    });
  }

  /** Only for a cluster without streams: nats-server 2.9.10 may call itself unhealthy for minutes, though every stream is up to date. */
  async untilHealthy(): Promise<void> {
    try {
      await until(() => this.#isHealthy(), { deadlineMs: START_DEADLINE_MS, what: `${this.name} to be healthy` });
    } catch (error) {
      throw new Error(`${(error as Error).message}; it said:\n${logTail(this.#logFile, 40)}`, { cause: error });
    }
  }

  async #isHealthy(): Promise<true | undefined> {
    if (this.#process?.running !== true) throw new Error(`${this.name} has ended`);
    const response = await fetch(`http://127.0.0.1:${this.#plan.monitorPort}/healthz`).catch(() => undefined);
    await response?.body?.cancel();
    return response?.ok === true ? true : undefined;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** SIGTERM: an orderly end, as a rolling restart does it. */
  async stop(): Promise<void> {
    const running = this.#process;
    if (running?.running !== true) return;
    process.kill(running.pid, "SIGTERM");
    await until(() => (running.running ? undefined : true), {
      deadlineMs: STOP_DEADLINE_MS,
      what: `${this.name} to end`,
    });
  }

  /** SIGSTOP: connections stay open, and nobody answers. */
  async freeze(): Promise<void> {
    await this.#process?.signal("SIGSTOP");
  }

  async thaw(): Promise<void> {
    await this.#process?.signal("SIGCONT");
  }

  /** The disk is lost. Only while the server does not run. */
  loseDisk(): void {
    if (this.#process?.running === true) throw new Error(`${this.name} runs; kill it first`);
    rmSync(this.#storeFolder, { recursive: true });
  }

  /** Its log, and what it knows of its streams and consumers. */
  async save(folder: string): Promise<void> {
    copyFileSync(this.#logFile, join(folder, `${this.name}.log`));
    const known = await this.#known().catch(() => undefined);
    if (known !== undefined) writeFileSync(join(folder, `${this.name}.json`), JSON.stringify(known));
  }

  /** How many messages its own copy of the stream has. */
  async messagesOf(stream: string): Promise<number | undefined> {
    const { account_details: accounts = [] } = await this.#known();
    const streams = accounts.flatMap(({ stream_detail: details = [] }) => details);
    return streams.find(({ name }) => name === stream)?.state.messages;
  }

  async #known(): Promise<Known> {
    const question = "jsz?acc=$G&streams=true&consumers=true";
    const response = await fetch(`http://127.0.0.1:${this.#plan.monitorPort}/${question}`);
    return (await response.json()) as Known;
  }

  get #configFile(): string {
    return join(this.#plan.folder, "nats.conf");
  }

  get #logFile(): string {
    return join(this.#plan.folder, "server.log");
  }

  get #storeFolder(): string {
    return join(this.#plan.folder, "jetstream");
  }
}

/**
 * Nodes and clients reach a node only through proxies. What a node tells others about its own address is the proxy of its clients, and no
 * address for nodes: they have their own routes.
 */
function natsClusterConfig({ name, folder, clientPort, clusterPort, monitorPort, clients, routes }: NodePlan): string {
  return `server_name: "${name}"
listen: "127.0.0.1:${clientPort}"
client_advertise: "${clients.host}:${clients.port}"
http: "127.0.0.1:${monitorPort}"
debug: true
jetstream { store_dir: "${join(folder, "jetstream")}" }
cluster {
  name: "anytopic"
  listen: "127.0.0.1:${clusterPort}"
  cluster_advertise: "127.0.0.1:1"
  connect_retries: 1
  routes: [${routes.map(({ host, port }) => `"nats://${host}:${port}"`).join(", ")}]
}
`;
}
