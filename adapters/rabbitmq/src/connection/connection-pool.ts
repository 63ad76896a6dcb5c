import type { Connection } from "../connection.ts";

/** Workers, or topics, that share one connection. Each has a channel, which lasts. */
const USERS_PER_CONNECTION = 1000;

/**
 * Connections of one purpose. A connection has at most as many channels as the server's `channel_max`, 2047 unless configured, and each worker and
 * each topic that is published to needs one. So when the others are full, one more is opened; it stays until the driver closes.
 */
export class ConnectionPool {
  readonly first: Connection;
  readonly #open: (number: number) => Promise<Connection>;
  readonly #users = new Map<Connection, number>();
  #opening: Promise<unknown> | undefined;

  /** @param open opens one more, and never rejects: a connection repairs itself */
  constructor(first: Connection, open: (number: number) => Promise<Connection>) {
    this.first = first;
    this.#open = open;
    this.#users.set(first, 0);
  }

  /** A connection with room for one more channel that lasts. `giveBack` ends that. */
  async take(): Promise<Connection> {
    for (;;) {
      const found = [...this.#users].find(([connection, users]) => users < placesOf(connection));
      if (found !== undefined) {
        const [connection, users] = found;
        this.#users.set(connection, users + 1);
        return connection;
      }
      this.#opening ??= this.#openOne().finally(() => (this.#opening = undefined));
      await this.#opening;
    }
  }

  giveBack(connection: Connection): void {
    this.#users.set(connection, (this.#users.get(connection) ?? 1) - 1);
  }

  async close(timeoutMs?: number): Promise<void> {
    await Promise.all([...this.#users.keys()].map((connection) => connection.close(timeoutMs)));
  }

  async #openOne(): Promise<void> {
    this.#users.set(await this.#open(this.#users.size + 1), 0);
  }
}

/** Half of the channels are left to what needs one for a moment, such as provisioning. */
function placesOf({ model }: Connection): number {
  const { channelMax = Number.POSITIVE_INFINITY } = (model?.connection ?? {}) as { readonly channelMax?: number };
  return Math.max(1, Math.min(USERS_PER_CONNECTION, Math.floor(channelMax / 2)));
}
