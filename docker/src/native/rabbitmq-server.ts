import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "../find-program.ts";
import { probeAmqp } from "../probes/probe-amqp.ts";
import { rabbitmqAdmin } from "../rabbitmq-admin.ts";
import type { FindNativeProgram } from "./native-program.ts";
import { rabbitmqEnvironment, rabbitmqScripts } from "./rabbitmq-environment.ts";

/** The management command has to boot an Erlang machine of its own; on a busy computer that takes seconds. */
const ADMIN_TIMEOUT_MS = 60_000;

export const findRabbitmqServer: FindNativeProgram = () => {
  const scripts = rabbitmqScripts();
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
    plan: ({ folder, ports, options }) => {
      const [port, distPort, epmdPort, ctlPort] = ports as [number, number, number, number];
      const env = rabbitmqEnvironment({
        folder,
        nodeName: `anytopic_${process.pid}_${port}@localhost`,
        port,
        distPort,
        epmdPort,
        ctlPort,
        cookie: randomBytes(20).toString("hex"),
        config: options.config,
        dataFolder: options.dataFolder,
      });
      return {
        companion: {
          command: epmd,
          args: ["-address", "127.0.0.1", "-port", String(epmdPort)],
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
