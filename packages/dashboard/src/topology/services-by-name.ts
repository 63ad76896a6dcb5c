import type { ServiceSeen } from "../api/services.ts";

/** More are not shown beside one topic or subscription. */
const MOST = 20;

export interface ServicesByName {
  publishingTo(topic: string): readonly string[];
  /** `path`: `topic/subscription`. */
  handling(path: string): readonly string[];
}

/** Which services were seen with which topic and subscription. A process without a name is left out. */
export function servicesByName(seen: readonly ServiceSeen[]): ServicesByName {
  const publishers = new Map<string, string[]>();
  const handlers = new Map<string, string[]>();
  for (const { service, publishes, handles } of seen) {
    if (service === null) continue;
    for (const topic of publishes) add(publishers, topic, service);
    for (const path of handles) add(handlers, path, service);
  }
  return {
    publishingTo: (topic) => publishers.get(topic) ?? [],
    handling: (path) => handlers.get(path) ?? [],
  };
}

function add(map: Map<string, string[]>, name: string, service: string): void {
  const known = map.get(name) ?? [];
  if (known.length < MOST) map.set(name, [...known, service]);
}
