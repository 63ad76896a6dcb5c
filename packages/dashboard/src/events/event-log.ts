import { randomBytes } from "node:crypto";
import type { Observer, PublishEnd, PubSubEvent, RedriveInfo } from "@anytopic/core";
import type { ServiceSeen } from "../api/services.ts";
import type { WireEvent } from "../api/wire-event.ts";
import { compactEvent } from "./compact-event.ts";
import type { EventFeed } from "./event-feed.ts";
import { EventRing } from "./event-ring.ts";
import { ServiceTable } from "./service-table.ts";
import { wireError } from "./wire-error.ts";

/**
 * The newest events of this process, for the dashboard. Give it to `connect({ instrumentation: [events] })`, beside instrumentations of
 * yours, or `events.observe` to `connect({ observer })`, which does not show redrives. Not both: each event would be there twice.
 */
export interface DashboardEvents extends EventFeed {
  readonly service: string | undefined;
  readonly observe: Observer;
  /** Of core's `Instrumentation`: a letter is sent to its subscription again. */
  readonly redrive: (letter: RedriveInfo) => (end: PublishEnd) => void;
}

/** All events that a dashboard knows, of this process and of others. */
export class EventLog implements DashboardEvents {
  /** Tells positions of this log from those of an earlier one. */
  readonly epoch: string = randomBytes(4).toString("hex");
  readonly service: string | undefined;
  readonly #ring: EventRing;
  readonly #seen = new ServiceTable();
  readonly #listeners = new Set<(event: WireEvent) => void>();
  readonly #waiting = new Set<() => void>();

  constructor(service: string | undefined, capacity: number) {
    this.service = service;
    this.#ring = new EventRing(capacity);
  }

  readonly observe = (event: PubSubEvent): void => this.#keep(compactEvent(event), this.service);

  readonly redrive = ({ topic, subscription, id }: RedriveInfo): ((end: PublishEnd) => void) => {
    const letter = { topic, subscription, id };
    this.#keep({ type: "redrive", atMs: Date.now(), ...letter }, this.service);
    return ({ error }) => {
      if (error === undefined) return;
      this.#keep({ type: "redrive-failed", atMs: Date.now(), ...letter, error: wireError(error) }, this.service);
    };
  };

  /** An event of another process, which has been checked. */
  add(event: WireEvent): void {
    this.#keep(event, event.service);
  }

  addDropped(service: string, count: number): void {
    this.#seen.addDropped(service, count);
  }

  services(): readonly ServiceSeen[] {
    return this.#seen.list();
  }

  subscribe(listener: (event: WireEvent) => void): () => void {
    // Each call has an end of its own, also with the same listener.
    const own = (event: WireEvent): void => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  get start(): number {
    return this.#ring.start;
  }

  get end(): number {
    return this.#ring.end;
  }

  /** @param position from `start` to before `end` */
  at(position: number): WireEvent {
    return this.#named(this.#ring.at(position), this.service);
  }

  /** Calls `wake` once, at the next event. Returns how to forget it. */
  atNext(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => void this.#waiting.delete(wake);
  }

  #keep(event: WireEvent, service: string | undefined): void {
    this.#ring.push(event);
    this.#seen.add(event, service);
    if (this.#listeners.size > 0) {
      const named = this.#named(event, service);
      for (const listener of this.#listeners) listener(named);
    }
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  #named(event: WireEvent, service: string | undefined): WireEvent {
    return service === undefined || event.service !== undefined ? event : { ...event, service };
  }
}
