import type { PubSubEvent } from "@anytopic/core";
import { onTestFinished } from "vitest";

import type { ServiceSeen } from "../src/api/services.ts";
import { type Dashboard, dashboard } from "../src/index.ts";

export const token = "a-token-of-the-test";

export function open(): Dashboard {
  const handle = dashboard({
    pubsub: () => Promise.reject(new Error("not needed")),
    declarations: [],
    authorize: () => ({ user: "test" }),
    ingest: { token },
  });
  onTestFinished(() => handle.close());
  return handle;
}

export async function servicesOf(handle: Dashboard): Promise<readonly ServiceSeen[]> {
  const response = await handle(new Request("http://127.0.0.1/api/services"));
  return ((await response.json()) as { services: ServiceSeen[] }).services;
}

export function published(id: string): PubSubEvent {
  return { type: "published", topic: "signups", id, atMs: 1, durationMs: 2 };
}
