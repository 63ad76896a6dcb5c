import { PubSubError } from "@anytopic/core/driver";
import { RESP_TYPES } from "@redis/client";
import type { Client } from "./client.ts";
import { toPubSubError } from "../errors.ts";

/** How much longer than its wait a read may take before the connection counts as half-open, in ms. */
const SILENCE_MS = 1500;
/** The longest wait of one read, in ms. */
export const MAX_BLOCK_MS = 1000;

/** A connection of its own for reads that wait. It is not repaired: whoever opened it opens another one. */
export class Reader {
  readonly #client: Client;
  /** Sends on the connection for commands. */
  readonly #command: (parts: readonly string[]) => Promise<unknown>;
  readonly #id: number;
  #isReading = false;

  private constructor(client: Client, command: (parts: readonly string[]) => Promise<unknown>, id: number) {
    this.#client = client;
    this.#command = command;
    this.#id = id;
  }

  /** @throws PubSubError */
  static async open(
    connect: (socketTimeoutMs: number) => Promise<Client>,
    command: (parts: readonly string[]) => Promise<unknown>,
  ): Promise<Reader> {
    try {
      const client = await connect(MAX_BLOCK_MS + SILENCE_MS);
      const id = Number(await client.sendCommand(["CLIENT", "ID"]));
      return new Reader(client, command, id);
    } catch (error) {
      throw toPubSubError(error, "connect to Redis");
    }
  }

  /** One command at a time. `blockMs` is what the command says, at most `MAX_BLOCK_MS`. Rejects with `UNAVAILABLE` when the connection is lost: then the reader is of no use any more. */
  async read(parts: readonly (string | Buffer)[], blockMs: number): Promise<unknown> {
    if (blockMs > MAX_BLOCK_MS) throw new PubSubError("UNKNOWN", `a read may wait ${MAX_BLOCK_MS} ms, not ${blockMs}`);
    this.#isReading = true;
    try {
      return await this.#client.sendCommand(parts, { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } });
    } catch (error) {
      throw toPubSubError(error, "read from Redis");
    } finally {
      this.#isReading = false;
    }
  }

  /** Ends a waiting read now, with an empty result. Where the server forbids that, the read ends by itself. */
  unblock(): void {
    if (this.#isReading) this.#command(["CLIENT", "UNBLOCK", String(this.#id)]).catch(() => {});
  }

  /** Ends the connection at once. */
  close(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }
}
