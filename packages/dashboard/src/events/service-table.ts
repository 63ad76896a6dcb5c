import type { ServiceSeen } from "../api/services.ts";
import type { WireEvent } from "../api/wire-event.ts";

/** More are not shown: names come from outside the process. */
const MAX_SERVICES = 200;
const MAX_NAMES = 1000;

interface Seen {
  readonly publishes: Set<string>;
  /** Subscriptions by topic. */
  readonly handles: Map<string, Set<string>>;
  names: number;
  lastEventMs: number;
  dropped: number;
}

/** Which service publishes to which topics and handles which subscriptions. */
export class ServiceTable {
  readonly #services = new Map<string | null, Seen>();

  add(event: WireEvent, service: string | undefined): void {
    const seen = this.#of(service ?? null);
    if (seen === undefined) return;
    seen.lastEventMs = event.atMs;
    const { type, topic, subscription } = event;
    if (topic === undefined) return;
    if (type === "published") {
      if (!seen.publishes.has(topic) && seen.names++ < MAX_NAMES) seen.publishes.add(topic);
    } else if (subscription !== undefined && (type === "deliver" || type === "receiving")) {
      const known = seen.handles.get(topic);
      if (known?.has(subscription) === true || seen.names++ >= MAX_NAMES) return;
      if (known === undefined) seen.handles.set(topic, new Set([subscription]));
      else known.add(subscription);
    }
  }

  addDropped(service: string, count: number): void {
    const seen = this.#of(service);
    if (seen !== undefined) seen.dropped += count;
  }

  list(): readonly ServiceSeen[] {
    return [...this.#services].map(([service, { publishes, handles, lastEventMs, dropped }]) => ({
      service,
      publishes: [...publishes].toSorted(),
      handles: [...handles].flatMap(([topic, names]) => [...names].map((name) => `${topic}/${name}`)).toSorted(),
      lastEventMs,
      dropped,
    }));
  }

  #of(service: string | null): Seen | undefined {
    const known = this.#services.get(service);
    if (known !== undefined || this.#services.size >= MAX_SERVICES) return known;
    const seen: Seen = { publishes: new Set(), handles: new Map(), names: 0, lastEventMs: 0, dropped: 0 };
    this.#services.set(service, seen);
    return seen;
  }
}
