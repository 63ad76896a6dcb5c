import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts, until } from "@anytopic/brokers";
import { createTcpProxy, type TcpProxy } from "@anytopic/conformance";
import { nodeName, RabbitmqNode } from "./rabbitmq-node.ts";

const NAMES = ["n1", "n2", "n3"] as const;
const PORTS_OF_NODE = 4;
const LEADER_DEADLINE_MS = 60_000;

export interface RabbitmqClusterOptions {
  /** What a node does that has lost the others. @default "pause_minority" */
  readonly partitions?: "pause_minority" | "autoheal" | "ignore" | undefined;
  /** After about this time a node believes that a silent one is down. @default 10 */
  readonly netTickSeconds?: number | undefined;
}

/** Three RabbitMQ servers. Every connection, between nodes too, goes through a proxy that can be cut. */
export class RabbitmqCluster {
  readonly nodes: readonly RabbitmqNode[];
  readonly #folder: string;
  /** `#links[from][to]`: the proxy through which one node reaches another. */
  readonly #links: readonly (readonly (TcpProxy | undefined)[])[];

  private constructor(
    nodes: readonly RabbitmqNode[],
    folder: string,
    links: readonly (readonly (TcpProxy | undefined)[])[],
  ) {
    this.nodes = nodes;
    this.#folder = folder;
    this.#links = links;
  }

  /** `scripts`: the folder of RabbitMQ's scripts. */
  static async start(scripts: string, options: RabbitmqClusterOptions = {}): Promise<RabbitmqCluster> {
    const folder = mkdtempSync(join(tmpdir(), "anytopic-cluster-"));
    const ports = await freePorts(PORTS_OF_NODE * NAMES.length);
    const cookie = randomBytes(20).toString("hex");
    const port = (index: number, kind: number): number => ports[PORTS_OF_NODE * index + kind] as number;
    const proxyTo = async (targetPort: number) => createTcpProxy({ targetHost: "127.0.0.1", targetPort });
    const links = await Promise.all(
      NAMES.map(async (_, from) =>
        Promise.all(NAMES.map(async (_name, to) => (from === to ? undefined : proxyTo(port(to, 1))))),
      ),
    );
    const nodes: RabbitmqNode[] = [];
    for (const [index, name] of NAMES.entries()) {
      const peers = NAMES.flatMap((peer, to) => {
        const link = links[index]?.[to];
        return link === undefined ? [] : [[peer, link.port] as const];
      });
      nodes.push(
        new RabbitmqNode({
          scripts,
          name,
          folder: join(folder, name),
          port: port(index, 0),
          distPort: port(index, 1),
          epmdPort: port(index, 2),
          ctlPort: port(index, 3),
          cookie,
          config: clusterConfig(options),
          clients: await proxyTo(port(index, 0)),
          peers: new Map(peers),
        }),
      );
    }
    const cluster = new RabbitmqCluster(nodes, folder, links);
    try {
      for (const node of nodes) await node.start();
      await Promise.all(nodes.map(async (node) => node.untilRunning()));
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** What clients connect to. */
  get urls(): string[] {
    return this.nodes.map(({ clients }) => `amqp://guest:guest@${clients.host}:${clients.port}/`);
  }

  /** The node that leads a quorum queue: it stores first, and answers publishers and consumers. */
  async leaderOf(queue: string): Promise<RabbitmqNode> {
    const [first] = this.nodes.filter(({ isRunning }) => isRunning) as [RabbitmqNode];
    const ask = async (): Promise<RabbitmqNode | undefined> => {
      // `list_queues` waits for nodes that cannot reach the command.
      const found = await first.ctl("eval", `ra_leaderboard:lookup_leader('%2F_${queue}').`);
      return this.nodes.find(({ name }) => found.includes(nodeName(name)));
    };
    return await until(ask, { deadlineMs: LEADER_DEADLINE_MS, what: `queue ${queue} to have a leader` });
  }

  /** Every quorum queue has a member more than it needs. An operator waits for that before the next restart. */
  async untilCurrent(): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => node.untilRunning()));
    await Promise.all(
      this.nodes.map(async (node) => node.run("rabbitmq-upgrade", "await_online_quorum_plus_one", "--timeout", "60")),
    );
  }

  /** What an operator does after a node has lost its disk: the others forget it, it joins as a new one, and every quorum queue gets a member on it. */
  async replace(node: RabbitmqNode): Promise<void> {
    const [other] = this.nodes.filter(({ isRunning }) => isRunning) as [RabbitmqNode];
    await other.ctl("forget_cluster_node", nodeName(node.name));
    await node.start();
    await node.untilRunning();
    await other.run("rabbitmq-queues", "grow", nodeName(node.name), "all");
  }

  /** Nothing passes to or from this node any more, and nobody is told: connections stay open. */
  cutOff(node: RabbitmqNode): void {
    for (const proxy of this.#linesOf(node)) proxy.blackhole();
  }

  async heal(node: RabbitmqNode): Promise<void> {
    for (const proxy of this.#linesOf(node)) await proxy.heal();
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => node.close()));
    for (const node of this.nodes) await node.clients.close();
    for (const link of this.#links.flat()) await link?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #linesOf(node: RabbitmqNode): TcpProxy[] {
    const index = this.nodes.indexOf(node);
    const incoming = this.#links.map((links) => links[index]);
    return [node.clients, ...incoming, ...(this.#links[index] ?? [])].filter((proxy) => proxy !== undefined);
  }
}

function clusterConfig({ partitions = "pause_minority", netTickSeconds = 10 }: RabbitmqClusterOptions): string {
  return [
    "cluster_formation.peer_discovery_backend = classic_config",
    ...NAMES.map((name, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${nodeName(name)}`),
    `cluster_partition_handling = ${partitions}`,
    `net_ticktime = ${netTickSeconds}`,
  ].join("\n");
}
