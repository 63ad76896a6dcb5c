import { defineSubscription, defineTopic, type PubSubEvent } from "@anytopic/core";
import { randomUUID } from "node:crypto";
import type { WireEvent } from "../src/api/wire-event.ts";
import type { EventFeed } from "../src/events/event-feed.ts";
import type { Dashboard } from "../src/index.ts";
import { ask } from "./ask.ts";

/** Names of their own, for a broker that others use too. */
export function shop(suffix = randomUUID().slice(0, 8)) {
  const Orders = defineTopic<{ readonly total: number }>(`orders-${suffix}`);
  const Mail = defineSubscription(Orders, "mail", {
    retryPolicy: { minBackoffMs: 60_000, maxBackoffMs: 60_000, jitter: 0 },
  });
  const Stock = defineSubscription(Orders, "stock", { filter: { region: "eu" } });
  return { Orders, Mail, Stock, declarations: [Orders, Mail, Stock] };
}

/** An observer and the feed of what it sees, as JSON carries it. */
export function observed(service?: string): EventFeed & { readonly observe: (event: PubSubEvent) => void } {
  const listeners = new Set<(event: WireEvent) => void>();
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    observe(event) {
      const error = "error" in event ? wireError(event.error) : undefined;
      const wire = JSON.parse(JSON.stringify({ ...event, error, service })) as WireEvent;
      for (const listener of listeners) listener(wire);
    },
  };
}

function wireError(error: unknown): WireEvent["error"] {
  return error instanceof Error ? { name: error.name, message: error.message } : undefined;
}

/** The JSON of a GET. */
export async function read<Answer>(handler: Dashboard, path: string): Promise<Answer> {
  const response = await ask(handler, "GET", `/api/${path}`);
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}
