import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findProgram, isExecutable } from "../find-program.ts";
import { probeAmqp } from "../probes/probe-amqp.ts";
import { rabbitmqAdmin } from "../rabbitmq-admin.ts";
import { RABBITMQ_ADVANCED_CONFIG, rabbitmqConfig } from "../rabbitmq-config.ts";
import type { FindNativeProgram, NativePlace } from "./native-program.ts";

// The command that Debian puts on the PATH is a wrapper that requires the user rabbitmq and /var/lib/rabbitmq. The
// scripts that it calls work for any user.
const DEBIAN_SCRIPTS = "/usr/lib/rabbitmq/bin";

/** The management command has to boot an Erlang machine of its own; on a busy computer that takes seconds. */
const ADMIN_TIMEOUT_MS = 60_000;

export const findRabbitmqServer: FindNativeProgram = () => {
  const scripts = findScripts();
  if (scripts === undefined) return "native: there is no rabbitmq-server on the PATH";
  const epmd = findProgram("epmd");
  if (epmd === undefined) {
    return "native: there is a rabbitmq-server, but no epmd (part of Erlang) on the PATH";
  }
  return {
    implementation: "rabbitmq",
    ports: 4,
    survivesRestart: true,
    probe: probeAmqp,
    url: (port) => `amqp://guest:guest@127.0.0.1:${port}/`,
    plan: (place) => {
      const env = nodeEnvironment(place);
      const { folder } = place;
      return {
        // The node's own port mapper. The machine's port mapper is neither used, nor started, nor stopped.
        companion: {
          command: epmd,
          args: ["-address", "127.0.0.1", "-port", String(env["ERL_EPMD_PORT"])],
          env,
          cwd: folder,
          logFile: join(folder, "epmd.log"),
        },
        server: {
          command: join(scripts, "rabbitmq-server"),
          args: [],
          env,
          cwd: folder,
          logFile: join(folder, "server.log"),
        },
        admin: rabbitmqAdmin(async (args) => {
          const { stdout } = await promisify(execFile)(join(scripts, "rabbitmqctl"), ["--quiet", ...args], {
            env,
            cwd: folder,
            timeout: ADMIN_TIMEOUT_MS,
            maxBuffer: 16 * 1024 * 1024,
          });
          return stdout;
        }),
      };
    },
  };
};

function findScripts(): string | undefined {
  if (isExecutable(join(DEBIAN_SCRIPTS, "rabbitmq-server"))) return DEBIAN_SCRIPTS;
  const found = findProgram("rabbitmq-server");
  return found === undefined ? undefined : dirname(realpathSync(found));
}

/** Writes the node's files and returns the environment that makes every RabbitMQ script use only these files. */
function nodeEnvironment({ folder, ports, options }: NativePlace): NodeJS.ProcessEnv {
  const [port, distPort, epmdPort, ctlPort] = ports as [number, number, number, number];
  const file = (name: string, content: string, mode = 0o600): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode });
    return path;
  };
  mkdirSync(join(folder, "home"), { recursive: true });
  // Anyone who knows the cookie can run code in the node.
  file("home/.erlang.cookie", randomBytes(20).toString("hex"));

  const inherited = Object.entries(process.env).filter(([name]) => !/^(RABBITMQ_|ERL_)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    HOME: join(folder, "home"),
    // Makes the start script become the Erlang machine instead of waiting beside it, so that SIGKILL
    // hits the broker itself.
    RUNNING_UNDER_SYSTEMD: "true",
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: `anytopic_${process.pid}_${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_CTL_DIST_PORT_MIN: String(ctlPort),
    RABBITMQ_CTL_DIST_PORT_MAX: String(ctlPort + 99),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_SCHEMA_DIR: join(folder, "schema"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_LOGS: "-",
    RABBITMQ_PID_FILE: join(folder, "server.pid"),
    RABBITMQ_CONF_ENV_FILE: file("rabbitmq-env.conf", ""),
    RABBITMQ_ENABLED_PLUGINS_FILE: file("enabled_plugins", "[].\n"),
    RABBITMQ_ADVANCED_CONFIG_FILE: file("advanced.config", RABBITMQ_ADVANCED_CONFIG),
    RABBITMQ_CONFIG_FILE: file("rabbitmq.conf", rabbitmqConfig(`listeners.tcp.1 = 127.0.0.1:${port}`, options.config)),
  };
}
