import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgramOrSkip, freePorts, until } from "@anytopic/brokers";
import { createTcpProxy, type TcpProxy } from "@anytopic/conformance";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { ClusterNode } from "./cluster-node.ts";

const NODES = 3;
const CURRENT_DEADLINE_MS = 60_000;

/** Undefined when this machine has no nats-server. */
export const natsServerProgram = (): string | undefined =>
  findProgramOrSkip("nats-server", "apt-get install nats-server");

/** Three nats-servers with JetStream. Every connection, between nodes too, goes through a proxy that can be cut. */
export class NatsCluster {
  readonly nodes: readonly ClusterNode[];
  readonly #folder: string;
  /** `#links[from][to]`: the proxy through which one node reaches another. */
  readonly #links: readonly (readonly (TcpProxy | undefined)[])[];

  private constructor(
    nodes: readonly ClusterNode[],
    folder: string,
    links: readonly (readonly (TcpProxy | undefined)[])[],
  ) {
    this.nodes = nodes;
    this.#folder = folder;
    this.#links = links;
  }

  static async start(command: string): Promise<NatsCluster> {
    const folder = mkdtempSync(join(tmpdir(), "anytopic-cluster-"));
    const ports = await freePorts(3 * NODES);
    const indexes = Array.from({ length: NODES }, (_, index) => index);
    const port = (index: number, kind: number): number => ports[3 * index + kind] as number;
    const proxyTo = async (targetPort: number) => createTcpProxy({ targetHost: "127.0.0.1", targetPort });
    const links = await Promise.all(
      indexes.map(async (from) =>
        Promise.all(indexes.map(async (to) => (from === to ? undefined : proxyTo(port(to, 1))))),
      ),
    );
    const nodes: ClusterNode[] = [];
    for (const index of indexes) {
      const routes = (links[index] ?? []).filter((link) => link !== undefined);
      nodes.push(
        new ClusterNode({
          command,
          name: `n${index + 1}`,
          folder: join(folder, `n${index + 1}`),
          clientPort: port(index, 0),
          clusterPort: port(index, 1),
          monitorPort: port(index, 2),
          clients: await proxyTo(port(index, 0)),
          routes,
        }),
      );
    }
    const cluster = new NatsCluster(nodes, folder, links);
    try {
      for (const node of nodes) await node.start();
      for (const node of nodes) await node.untilHealthy();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** What clients connect to. */
  get servers(): string[] {
    return this.nodes.map(({ clients }) => `${clients.host}:${clients.port}`);
  }

  /** The node that leads a stream: it stores first, and answers publishers. */
  async leaderOf(stream: string): Promise<ClusterNode> {
    return this.#ask(async (manager) => {
      const { cluster } = await manager.streams.info(stream);
      const leader = this.nodes.find(({ name }) => name === cluster?.leader);
      if (leader === undefined) throw new Error(`stream ${stream} has no leader`);
      return leader;
    });
  }

  /** Makes the leader of a stream, or of a consumer on it, hand over to another node, at once and in an orderly way. */
  async stepDown(stream: string, consumer?: string): Promise<void> {
    const subject =
      consumer === undefined ? `STREAM.LEADER.STEPDOWN.${stream}` : `CONSUMER.LEADER.STEPDOWN.${stream}.${consumer}`;
    const nc = await connect({ servers: this.servers });
    try {
      // Without a leader at the moment nobody answers.
      await nc.request(`$JS.API.${subject}`, "", { timeout: 2000 }).catch(() => {});
    } finally {
      await nc.close();
    }
  }

  /** Every stream is up to date on all nodes, and every stream and consumer has a leader. An operator waits for that before the next restart. */
  async untilCurrent(): Promise<void> {
    await until(async () => this.#ask(isCurrent).catch(() => undefined), {
      deadlineMs: CURRENT_DEADLINE_MS,
      everyMs: 200,
      what: "all streams to be up to date on all nodes",
    });
  }

  async #ask<Result>(question: (manager: JetStreamManager) => Promise<Result>): Promise<Result> {
    const nc = await connect({ servers: this.servers });
    try {
      return await question(await jetstreamManager(nc, { checkAPI: false }));
    } finally {
      await nc.close();
    }
  }

  /** Nothing passes to or from this node any more, and nobody is told: connections stay open. */
  cutOff(node: ClusterNode): void {
    for (const proxy of this.#linesOf(node)) proxy.blackhole();
  }

  async heal(node: ClusterNode): Promise<void> {
    for (const proxy of this.#linesOf(node)) await proxy.heal();
  }

  /** For a person who looks for a fault. */
  async save(folder: string): Promise<void> {
    for (const node of this.nodes) await node.save(folder);
  }

  /** How many messages the copies of a stream have. They differ when a node has lost some of its own. */
  async copiesOf(stream: string): Promise<readonly number[]> {
    const counts = await Promise.all(this.nodes.map(async (node) => node.messagesOf(stream).catch(() => undefined)));
    return counts.filter((count) => count !== undefined);
  }

  /** Where in the stream, as its leader has it, the messages with these ids are. */
  async placesOf(stream: string, ids: readonly string[]): Promise<string> {
    return this.#ask(async (manager) => {
      const { state } = await manager.streams.info(stream);
      const places = new Map(ids.map((id) => [id, "nowhere"]));
      for (let sequence = state.first_seq; sequence <= state.last_seq; sequence += 1) {
        const id = (await manager.streams.getMessage(stream, { seq: sequence }))?.header.get("Nats-Msg-Id");
        if (id !== undefined && places.has(id)) places.set(id, String(sequence));
      }
      return JSON.stringify({ stream, state, places: Object.fromEntries(places) });
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => node.kill()));
    for (const node of this.nodes) await node.clients.close();
    for (const link of this.#links.flat()) await link?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #linesOf(node: ClusterNode): TcpProxy[] {
    const index = this.nodes.indexOf(node);
    const incoming = this.#links.map((links) => links[index]);
    return [node.clients, ...incoming, ...(this.#links[index] ?? [])].filter((proxy) => proxy !== undefined);
  }
}

async function isCurrent(manager: JetStreamManager): Promise<true | undefined> {
  for await (const { config, cluster } of manager.streams.list()) {
    const replicas = cluster?.replicas ?? [];
    const areCurrent =
      replicas.length === NODES - 1 && replicas.every(({ current, offline }) => current && !(offline ?? false));
    if (!areCurrent || cluster?.leader === undefined) return undefined;
    for await (const consumer of manager.consumers.list(config.name)) {
      if (consumer.cluster?.leader === undefined) return undefined;
    }
  }
  return true;
}
