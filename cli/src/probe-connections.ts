import type { Capabilities } from "@anytopic/core";
import type { ConfigLoad } from "@anytopic/core/config";
import { describeError } from "./describe-error.ts";
import { EXIT } from "./exit-codes.ts";

/** The result of trying one connection. */
export interface ProbedConnection {
  readonly name: string;
  readonly isDefault: boolean;
  /** The URL without the login and without the values of its query. */
  readonly url: string;
  readonly reachable: boolean;
  readonly connectMs: number | null;
  readonly adapter: string | null;
  readonly server: string | null;
  readonly capabilities: Capabilities | null;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
  /** What `plan` cannot see there. */
  readonly blindSpot?: string | undefined;
  /** The exit code of a command that gets this result. */
  readonly exitCode: number;
}

/** Connects to each broker separately and disconnects again; creates nothing. */
export async function probeConnections(
  { config, conceal }: ConfigLoad,
  signal: AbortSignal,
): Promise<readonly ProbedConnection[]> {
  const { connect } = await import("@anytopic/core");
  const { shownUrl } = await import("@anytopic/core/config");
  return await Promise.all(
    Object.entries(config.connections).map(async ([name, { url, options }]) => {
      const common = { name, isDefault: name === config.default, url: shownUrl(url) };
      const startedMs = performance.now();
      try {
        await using pubsub = await connect(url, { adapterOptions: options, provisioning: "off", signal });
        const { adapter, server, capabilities, blindSpot } = await pubsub.connection("default");
        const connectMs = Math.round(performance.now() - startedMs);
        return {
          ...common,
          reachable: true,
          connectMs,
          adapter,
          server,
          capabilities,
          blindSpot,
          error: null,
          exitCode: EXIT.ok,
        };
      } catch (error) {
        const { code, message, hint = null, exitCode } = describeError(error);
        const shown = { code, message: conceal(message), hint };
        return {
          ...common,
          reachable: false,
          connectMs: null,
          adapter: null,
          server: null,
          capabilities: null,
          error: shown,
          exitCode,
        };
      }
    }),
  );
}
