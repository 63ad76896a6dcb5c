import { randomBytes } from "node:crypto";
import type { OptionSpecs } from "./command.ts";
import { PERMISSIONS, type Permission } from "./dashboard-package.ts";
import type { Given } from "./given.ts";
import { parseCount } from "./parse-count.ts";
import { UsageError } from "./usage-error.ts";

const DEFAULT_PORT = 9401;
/** Of the dashboard's own checks, which refuse a shorter one. In characters. */
const MIN_TOKEN_LENGTH = 16;

export const DASHBOARD_OPTIONS: OptionSpecs = Object.freeze({
  port: {
    type: "string",
    value: "N",
    description: `the port, 0 for any free one (default: ${DEFAULT_PORT}, or any free one when that is in use)`,
  },
  host: {
    type: "string",
    value: "ADDRESS",
    description: "the address to listen on (default: 127.0.0.1); another one than loopback needs a token",
  },
  token: {
    type: "string",
    value: "TOKEN",
    description: `what signs in, again and again, at least ${MIN_TOKEN_LENGTH} characters; or ANYTOPIC_DASHBOARD_LOGIN, which process lists do not show (default: links that work once)`,
  },
  allow: {
    type: "string",
    value: "LIST",
    description: `what may be done: ${PERMISSIONS.join(",")}, or none (default: all when only this machine can reach it, else none)`,
  },
  "allowed-host": {
    type: "string",
    value: "NAME",
    multiple: true,
    description: "a name by which browsers reach it, beside localhost and addresses; may be repeated",
  },
  open: { type: "boolean", description: "open the page in the browser" },
});

export interface ChosenDashboard {
  readonly host: string;
  readonly port: number;
  readonly anyPort: boolean;
  readonly token: string | undefined;
  readonly can: readonly Permission[];
  readonly hosts: readonly string[];
  /** With it, services report what happens in them. */
  readonly ingest: { readonly token: string } | undefined;
}

/** @throws UsageError */
export function chosenDashboard(given: Given, isLoopback: (host: string) => boolean): ChosenDashboard {
  const { ANYTOPIC_DASHBOARD_LOGIN, ANYTOPIC_DASHBOARD_TOKEN } = process.env;
  const host = given.text("host") ?? "127.0.0.1";
  const hosts = given.texts("allowed-host");
  const token = given.text("token") ?? (ANYTOPIC_DASHBOARD_LOGIN || undefined);
  const isPrivate = isLoopback(host);
  if (!isPrivate && token === undefined) {
    throw new UsageError(
      `--host ${host} lets others reach the dashboard, and there is no token`,
      "set ANYTOPIC_DASHBOARD_LOGIN or --token, or leave --host away and use a tunnel: ssh -L 9401:127.0.0.1:9401",
    );
  }
  if (token !== undefined && token.length < MIN_TOKEN_LENGTH) {
    throw new UsageError(`the token is too short: it must have at least ${MIN_TOKEN_LENGTH} characters`);
  }
  const port = given.text("port");
  // Behind a proxy others reach it too.
  const isForOne = isPrivate && hosts.length === 0;
  const reports = ANYTOPIC_DASHBOARD_TOKEN || (isForOne ? randomBytes(18).toString("base64url") : undefined);
  return {
    host,
    hosts,
    token,
    port: port === undefined ? DEFAULT_PORT : parseCount("port", port, 0, 65_535),
    anyPort: port === undefined,
    can: allowed(given.text("allow"), isForOne),
    ingest: reports === undefined ? undefined : { token: reports },
  };
}

function allowed(list: string | undefined, isForOne: boolean): readonly Permission[] {
  if (list === undefined) return isForOne ? PERMISSIONS : [];
  if (list === "none") return [];
  const names = list.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !PERMISSIONS.some((one) => one === name));
  if (unknown === undefined) return PERMISSIONS.filter((one) => names.includes(one));
  throw new UsageError(
    `--allow has ${JSON.stringify(unknown)}: it must be none, or some of ${PERMISSIONS.join(",")}`,
    undefined,
    { unknown: { name: unknown, known: PERMISSIONS } },
  );
}
