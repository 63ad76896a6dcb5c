import { execFile, execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "../find-program.ts";
import { probeRedis } from "../probes/probe-redis.ts";
import type { FindNativeProgram } from "./native-program.ts";

const ADMIN_TIMEOUT_MS = 20_000;

export const findRedisServer: FindNativeProgram = () => server("redis", "redis-server", "redis-cli");

export const findValkeyServer: FindNativeProgram = () => server("valkey", "valkey-server", "valkey-cli");

/** Watches over a primary and its replicas. Its configuration comes from the test; it writes what it learns into the same file. */
export const findRedisSentinel: FindNativeProgram = () => server("redis-sentinel", "redis-server", "redis-cli");

function server(implementation: string, program: string, client: string): ReturnType<FindNativeProgram> {
  const command = findProgram(program);
  if (command === undefined) return `native: there is no ${program} on the PATH`;
  const isSentinel = implementation === "redis-sentinel";
  return {
    implementation,
    // The second is the bus of a cluster.
    ports: 2,
    survivesRestart: true,
    probe: probeRedis,
    // A server with a password does not tell it.
    ...versionOf(command),
    url: (port) => `redis://127.0.0.1:${port}`,
    plan: ({ folder, ports: [port, busPort], options }) => {
      const configFile = join(folder, "redis.conf");
      writeFileSync(
        configFile,
        isSentinel
          ? `bind 127.0.0.1\nport ${port}\ndir ${folder}\n${options.config ?? ""}\n`
          : `bind 127.0.0.1\nport ${port}\ncluster-port ${busPort}\n${redisConfig(options.dataFolder ?? folder, options.config)}`,
      );
      return {
        server: {
          command,
          args: [configFile, ...(isSentinel ? ["--sentinel"] : [])],
          cwd: folder,
          logFile: join(folder, "server.log"),
        },
        admin: async (args) => {
          const cli = findProgram(client);
          if (cli === undefined) throw new Error(`there is no ${client} on the PATH`);
          const asked = ["-h", "127.0.0.1", "-p", String(port), ...args];
          const { stdout } = await promisify(execFile)(cli, asked, { timeout: ADMIN_TIMEOUT_MS });
          return stdout;
        },
      };
    },
  };
}

/** An append-only file, so that nothing is lost when the process dies; no snapshots beside it. Everything else keeps the defaults. */
export function redisConfig(folder: string, more: string | undefined): string {
  return `dir ${folder}\nappendonly yes\nsave ""\n${more ?? ""}\n`;
}

function versionOf(command: string): { readonly version?: string } {
  try {
    const version = /\bv=(\S+)/.exec(execFileSync(command, ["--version"], { encoding: "utf8" }))?.[1];
    return version === undefined ? {} : { version };
  } catch {
    return {};
  }
}
