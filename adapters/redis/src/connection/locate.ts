import { type Clock, PubSubError, requireWithin, timeLeft } from "@anytopic/core/driver";
import { toPubSubError } from "../errors.ts";
import type { CheckedOptions } from "../options.ts";
import { type Address, isSameAddress, shownAddress } from "./address.ts";
import { DIAL_TIMEOUT_MS, dial, type Dialled, type Login } from "./dial.ts";

/** Finds the servers that may be dialled for a hash slot, or for anything: the one server, the primary of a sentinel, the owner of a slot. */
export class Locator {
  readonly #options: CheckedOptions;
  readonly #clock: Clock;
  /** The servers to ask. Nodes of a cluster that were learnt come first. */
  #asked: readonly Address[];

  constructor(options: CheckedOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#asked = options.servers;
  }

  get login(): Login {
    const { user, password, db } = this.#options;
    return { user, password, db };
  }

  /** @throws PubSubError, or what the client reports */
  async find(slot: number | undefined, timeoutMs: number): Promise<readonly Address[]> {
    const { sentinel, cluster, sentinelUser, sentinelPassword } = this.#options;
    if (sentinel !== undefined) {
      const login = { user: sentinelUser, password: sentinelPassword, db: 0 };
      return [await this.#ask(login, timeoutMs, async (dialled) => primaryOf(dialled, sentinel))];
    }
    if (!cluster || slot === undefined) return this.#asked;
    return [await this.#ask(this.login, timeoutMs, async (dialled) => this.#ownerOf(dialled, slot))];
  }

  /** Asks the servers in turn; the one that answers is asked first the next time. */
  async #ask(login: Login, timeoutMs: number, ask: (dialled: Dialled) => Promise<Address>): Promise<Address> {
    const leftMs = timeLeft(this.#clock, timeoutMs);
    const servers = this.#asked;
    const failures: PubSubError[] = [];
    for (const [index, server] of servers.entries()) {
      const shareMs = Math.min(DIAL_TIMEOUT_MS, leftMs() / (servers.length - index));
      try {
        const found = await this.#askOne(server, login, shareMs, ask);
        this.#asked = [server, ...this.#asked.filter((other) => !isSameAddress(other, server))];
        return found;
      } catch (error) {
        failures.push(toPubSubError(error, `ask ${shownAddress(server)}`));
      }
    }
    throw worstOf(failures);
  }

  async #askOne(
    server: Address,
    login: Login,
    timeoutMs: number,
    ask: (dialled: Dialled) => Promise<Address>,
  ): Promise<Address> {
    const dialled = await dial(server, this.#options, login, this.#clock, timeoutMs);
    const late = (): PubSubError => new PubSubError("UNAVAILABLE", `${shownAddress(server)} does not answer`);
    try {
      return await requireWithin(this.#clock, timeoutMs, ask(dialled), late);
    } finally {
      dialled.end();
    }
  }

  async #ownerOf({ client, address, hello }: Dialled, slot: number): Promise<Address> {
    if (hello.mode !== "cluster") throw notACluster(address);
    const ranges = (await client.sendCommand(["CLUSTER", "SLOTS"])) as unknown as readonly (readonly [
      first: number,
      last: number,
      primary: readonly [host: Buffer | null, port: number],
    ])[];
    const nodes = ranges.map(([first, last, [host, port]]) => {
      const name = String(host ?? "");
      // A node that does not know its own name leaves it out, or writes "?".
      return { first, last, node: { host: name === "" || name === "?" ? address.host : name, port } };
    });
    const learnt = nodes
      .map(({ node }) => node)
      .filter((node, at, all) => all.findIndex((other) => isSameAddress(other, node)) === at);
    const { servers } = this.#options;
    this.#asked = [...learnt, ...servers.filter((server) => !learnt.some((node) => isSameAddress(node, server)))];
    const owner = nodes.find(({ first, last }) => first <= slot && slot <= last);
    if (owner !== undefined) return owner.node;
    throw new PubSubError("UNAVAILABLE", `no node of the cluster serves the hash slot ${slot}`);
  }
}

export function notACluster(address: Address): PubSubError {
  return new PubSubError(
    "INVALID_CONFIG",
    `the server at ${shownAddress(address)} is not a node of a cluster: set cluster to false`,
  );
}

async function primaryOf({ client, address, hello }: Dialled, name: string): Promise<Address> {
  if (hello.mode !== "sentinel")
    throw new PubSubError(
      "INVALID_CONFIG",
      `the server at ${shownAddress(address)} is not a sentinel: with the option sentinel, servers are the sentinels`,
    );
  const found = (await client.sendCommand(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name])) as unknown as
    | readonly [Buffer, Buffer]
    | null;
  if (found === null)
    throw new PubSubError("NOT_FOUND", `the sentinel at ${shownAddress(address)} watches no primary named ${name}`);
  return { host: String(found[0]), port: Number(found[1]) };
}

/** The failure that a human must repair, or else the last one. */
export function worstOf(failures: readonly PubSubError[]): PubSubError {
  return failures.find(({ retryable }) => !retryable) ?? (failures.at(-1) as PubSubError);
}
