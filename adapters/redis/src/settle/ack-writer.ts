import { inNextTurn, type PubSubError, type ReceivingReports } from "@anytopic/core/driver";
import { toPubSubError } from "../errors.ts";
import type { WorkerPart, WorkerSetup } from "../receive/worker-setup.ts";

/** Beyond this the command would keep the server from others for too long. */
const MOST_TOGETHER = 1000;

/**
 * Writes the acks of one turn of the event loop together, where nobody waits for a confirmation. No owner needs to be checked: whoever takes a
 * message from its worker gives it a new entry, and the old one is no longer pending. Acks that were lost with their connection, or that the
 * server could not store, are written again.
 */
export class AckWriter {
  readonly #setup: WorkerSetup;
  readonly #reports: ReceivingReports<WorkerPart>;
  readonly #endListening: () => void;
  #waiting: string[] = [];
  #unanswered = 0;
  #isQueued = false;
  /** Who waits until every ack has its answer. */
  readonly #idle: (() => void)[] = [];

  constructor(setup: WorkerSetup, reports: ReceivingReports<WorkerPart>) {
    this.#setup = setup;
    this.#reports = reports;
    this.#endListening = setup.connection.onReconnected(() => this.#queue());
  }

  /** @param id of an entry in the topic's stream */
  write(id: string): void {
    this.#waiting.push(id);
    this.#queue();
  }

  /** The places of the acks that wait for a connection. */
  places(): readonly string[] {
    return this.#waiting.map((id) => `t${id}`);
  }

  /** Resolves when every ack has its answer. */
  async flushed(): Promise<void> {
    if (this.#waiting.length === 0 && this.#unanswered === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  close(): void {
    this.#endListening();
    this.#waiting = [];
    this.#tellIdle();
  }

  #queue(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    // Not a microtask: handlers of many messages end in one turn, but not in one after the other.
    inNextTurn(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isQueued = false;
    if (!this.#setup.connection.connected) return;
    while (this.#waiting.length > 0) void this.#send(this.#waiting.splice(0, MOST_TOGETHER));
  };

  async #send(ids: readonly string[]): Promise<void> {
    const { connection, names } = this.#setup;
    this.#unanswered += 1;
    try {
      await connection.send(["XACK", names.stream, names.group, ...ids]);
      this.#reports.receiving("acks");
    } catch (error) {
      this.#failed(ids, toPubSubError(error, `acknowledge messages of group ${names.group}`));
    }
    this.#unanswered -= 1;
    this.#tellIdle();
  }

  #failed(ids: readonly string[], error: PubSubError): void {
    if (error.code === "UNAVAILABLE" || error.code === "RESOURCE_EXHAUSTED") {
      this.#waiting.push(...ids);
      // The server may answer although it could not do it.
      if (this.#setup.connection.connected) this.#queueLater();
    }
    if (error.code !== "UNAVAILABLE" && error.code !== "CLOSED") this.#reports.failing("acks", error, false);
  }

  #queueLater(): void {
    this.#setup.connection.context.clock.setTimer(() => this.#queue(), RETRY_MS);
  }

  #tellIdle(): void {
    if (this.#waiting.length === 0 && this.#unanswered === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

const RETRY_MS = 200;
