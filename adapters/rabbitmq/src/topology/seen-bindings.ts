import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { ManagementAddress } from "../connection/address.ts";
import { askManagement, type ListedEntry } from "../connection/management.ts";
import type { DeclaredBindings } from "./declared-bindings.ts";

/** For `doctor`, without the management API. */
export const BINDINGS_UNSEEN: string =
  "bindings cannot be seen either: those of an earlier filter stay, so that more messages come to the worker, which applies the filter";

/** How the bindings of a filter's exchange differ from the declared ones. */
export interface SeenBindings {
  /** How many declared ones are not there. */
  readonly missing: number;
  /** The API's paths of those that are not declared. */
  readonly stale: readonly string[];
  /** Whether the queue is bound to the topic itself. */
  readonly isDirect: boolean;
}

const NOTHING: SeenBindings = Object.freeze({ missing: 0, stale: [], isDirect: false });

export async function readBindings(
  api: ManagementAddress,
  tls: TlsOptions | undefined,
  { names, bindings }: DeclaredBindings,
  signal?: AbortSignal,
): Promise<SeenBindings> {
  if (bindings === undefined) return NOTHING;
  const { exchange, filter, queue } = names;
  const list = async (source: string, destination: string): Promise<readonly ListedEntry[]> => {
    const path = `/api/bindings/${[api.vhost, "e", source, ...destination.split("\n")].map(encodeURIComponent).join("/")}`;
    return (await askManagement(api, tls, path, signal)) ?? [];
  };
  const [toQueue, toFilter, direct] = [
    await list(filter, `q\n${queue}`),
    await list(exchange, `e\n${filter}`),
    await list(exchange, `q\n${queue}`),
  ];
  const declared = new Set(bindings.map(textOf));
  const found = new Set(toQueue.map(({ arguments: table }) => textOf(table as object)));
  const missing = [...declared].filter((text) => !found.has(text)).length;
  const path = ({ properties_key: key }: ListedEntry): string =>
    `/api/bindings/${[api.vhost, "e", filter, "q", queue, String(key)].map(encodeURIComponent).join("/")}`;
  return {
    missing: missing + (toFilter.length === 0 ? 1 : 0),
    stale: toQueue.filter(({ arguments: table }) => !declared.has(textOf(table as object))).map(path),
    isDirect: direct.length > 0,
  };
}

/** How the API shows void; seen on 3.10.8. */
const VOID = "undefined";

/** The API shows text and bytes alike. */
function textOf(table: object): string {
  const entries = Object.entries(table).map(([key, value]: [string, unknown]) => [key, shown(value)]);
  return JSON.stringify(entries.toSorted(([one = ""], [other = ""]) => (one < other ? -1 : 1)));
}

function shown(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString();
  if (value === null || value === undefined) return VOID;
  return typeof value === "string" ? value : JSON.stringify(value);
}
