import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findProgram, isExecutable } from "../find-program.ts";
import { RABBITMQ_ADVANCED_CONFIG, rabbitmqConfig } from "../rabbitmq-config.ts";

// The command that Debian puts on the PATH is a wrapper that requires the user rabbitmq and /var/lib/rabbitmq. The
// scripts that it calls work for any user.
const DEBIAN_SCRIPTS = "/usr/lib/rabbitmq/bin";

/** Where one RabbitMQ node keeps its files and listens. */
export interface RabbitmqNodePlan {
  /** Private to the node. */
  readonly folder: string;
  /** `name@localhost`. */
  readonly nodeName: string;
  readonly port: number;
  /** Other nodes connect to it. */
  readonly distPort: number;
  /** The port mapper of this node. The machine's port mapper is neither used, nor started, nor stopped. */
  readonly epmdPort: number;
  /** The first of 100 ports for commands. */
  readonly ctlPort: number;
  /** Nodes of one cluster have the same. Anyone who knows it can run code in the node. */
  readonly cookie: string;
  /** Appended to `rabbitmq.conf`. @default none */
  readonly config?: string | undefined;
  /** Where its messages and queues are. @default a folder in `folder` */
  readonly dataFolder?: string | undefined;
}

/** The folder of RabbitMQ's own scripts. */
export function rabbitmqScripts(): string | undefined {
  if (isExecutable(join(DEBIAN_SCRIPTS, "rabbitmq-server"))) return DEBIAN_SCRIPTS;
  const found = findProgram("rabbitmq-server");
  return found === undefined ? undefined : dirname(realpathSync(found));
}

/** Writes the node's files and returns the environment that makes every RabbitMQ script use only these files. */
export function rabbitmqEnvironment(plan: RabbitmqNodePlan): NodeJS.ProcessEnv {
  const { folder, nodeName, port, distPort, epmdPort, ctlPort, cookie, config, dataFolder } = plan;
  const file = (name: string, content: string, mode = 0o600): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode });
    return path;
  };
  mkdirSync(join(folder, "home"), { recursive: true });
  file("home/.erlang.cookie", cookie);

  const inherited = Object.entries(process.env).filter(([name]) => !/^(RABBITMQ_|ERL_)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    HOME: join(folder, "home"),
    // Makes the start script become the Erlang machine instead of waiting beside it, so that SIGKILL
    // hits the broker itself.
    RUNNING_UNDER_SYSTEMD: "true",
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: nodeName,
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_CTL_DIST_PORT_MIN: String(ctlPort),
    RABBITMQ_CTL_DIST_PORT_MAX: String(ctlPort + 99),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    RABBITMQ_MNESIA_BASE: dataFolder ?? join(folder, "mnesia"),
    RABBITMQ_SCHEMA_DIR: join(folder, "schema"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_LOGS: "-",
    RABBITMQ_PID_FILE: join(folder, "server.pid"),
    RABBITMQ_CONF_ENV_FILE: file("rabbitmq-env.conf", ""),
    RABBITMQ_ENABLED_PLUGINS_FILE: file("enabled_plugins", "[].\n"),
    RABBITMQ_ADVANCED_CONFIG_FILE: file("advanced.config", RABBITMQ_ADVANCED_CONFIG),
    RABBITMQ_CONFIG_FILE: file("rabbitmq.conf", rabbitmqConfig(`listeners.tcp.1 = 127.0.0.1:${port}`, config)),
  };
}
