import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../find-program.ts";
import { probeNats } from "../probes/probe-nats.ts";
import type { FindNativeProgram } from "./native-program.ts";

export const findNatsServer: FindNativeProgram = () => {
  const command = findProgram("nats-server");
  if (command === undefined) return "native: there is no nats-server on the PATH";
  return {
    implementation: "nats-server",
    ports: 1,
    survivesRestart: true,
    probe: probeNats,
    url: (port) => `nats://127.0.0.1:${port}`,
    plan: ({ folder, ports, options }) => {
      const configFile = join(folder, "nats.conf");
      writeFileSync(
        configFile,
        natsConfig(`127.0.0.1:${ports[0]}`, options.dataFolder ?? join(folder, "jetstream"), options.config),
      );
      return {
        server: {
          command,
          args: ["--config", configFile],
          cwd: folder,
          logFile: join(folder, "server.log"),
        },
      };
    },
  };
};

/** JetStream with file storage; everything else keeps the server's defaults, also `sync_interval`. */
export function natsConfig(listen: string, storeFolder: string, more: string | undefined): string {
  return `listen: "${listen}"\njetstream { store_dir: "${storeFolder}" }\n${more ?? ""}\n`;
}
