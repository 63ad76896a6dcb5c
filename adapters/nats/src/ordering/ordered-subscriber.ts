import {
  CLOSE_GRACE_MS,
  type DriverDelivery,
  type DriverSubscriber,
  ReceivingReports,
  timeLeft,
} from "@anytopic/core/driver";
import type { ConnectionListener } from "../connection.ts";
import type { NatsDelivery } from "../delivery.ts";
import type { Asker } from "../publish/asker.ts";
import { DeliveryReader, type WorkerSetup } from "../receive/delivery-reader.ts";
import type { WorkerPart } from "../receive/pull-loop.ts";
import { ActiveWorker } from "./active-worker.ts";
import { type Candidate, LeaderLease } from "./leader-lease.ts";

/** A worker on an ordered subscription. A `LeaderLease` elects one of all workers; it is active, and the others stand by. */
export class OrderedSubscriber implements DriverSubscriber, Candidate {
  readonly #setup: WorkerSetup;
  /** Kept when the lease is lost: the worker may be active again later. */
  readonly #reader: DeliveryReader;
  readonly #reports: ReceivingReports<WorkerPart>;
  readonly #lease: LeaderLease;
  readonly #listener: ConnectionListener;
  #active: ActiveWorker | undefined;
  #stopping = false;

  constructor(setup: WorkerSetup, asker: Asker) {
    this.#setup = setup;
    this.#reader = new DeliveryReader(setup);
    this.#reports = new ReceivingReports(setup.sink);
    this.#lease = new LeaderLease(setup.connection, setup.names, asker, this, this.#reports);
    this.#listener = {
      disconnected: (error) => this.#reports.failing("connection", error, true),
      reconnected: () => {
        this.#reports.receiving("connection");
        this.#active?.recover("the connection was lost");
      },
    };
  }

  async start(): Promise<void> {
    this.#setup.connection.listen(this.#listener);
    try {
      await this.#lease.start();
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.#active === undefined) this.#setup.sink.receiving(false);
  }

  won(): void {
    if (this.#stopping) return;
    this.#log("active worker of the ordered subscription");
    this.#active = new ActiveWorker(this.#setup, this.#reader, this.#lease, this.#reports);
    this.#active.start();
  }

  lost(): void {
    this.#log("no longer the active worker of the ordered subscription");
    const active = this.#active;
    this.#active = undefined;
    active?.abandon();
  }

  /** A worker that stands by asks for nothing. */
  overdueMs(): number {
    return this.#active?.overdueMs() ?? 0;
  }

  extend(deliveries: readonly DriverDelivery[]): void {
    if (!this.#lease.holds) return;
    for (const delivery of deliveries) this.#reader.settles.extend(delivery as NatsDelivery);
  }

  async stop(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#stopping = true;
    await this.#active?.stop(timeoutMs);
  }

  async close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    const { connection } = this.#setup;
    const leftMs = timeLeft(connection.context.clock, timeoutMs);
    await this.stop(timeoutMs);
    this.#active?.close();
    connection.unlisten(this.#listener);
    await connection.flush(leftMs());
    // Not before: the next worker must find every message settled or given back.
    await this.#lease.release(leftMs());
    this.#reader.settles.close();
  }

  #log(message: string): void {
    const { stream, consumer } = this.#setup.names;
    this.#setup.connection.context.logger.info({ stream, consumer }, message);
  }
}
