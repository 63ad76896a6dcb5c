import { join } from "node:path";
import { fauxqsPackage } from "../fauxqs-package.ts";
import { probeHttp } from "../probes/probe-http.ts";
import type { FindNativeProgram } from "./native-program.ts";

/** fauxqs in a separate process: it can be killed, and does not share our event loop. */
export const findFauxqsProcess: FindNativeProgram = ({ persistent = false }) => {
  const fauxqs = fauxqsPackage();
  if (fauxqs === undefined) return "native: the package fauxqs is not installed";
  return {
    implementation: "fauxqs",
    ports: 1,
    survivesRestart: persistent,
    probe: probeHttp,
    version: fauxqs.version,
    url: (port) => `http://127.0.0.1:${port}`,
    plan: ({ folder, ports }) => {
      const settings = {
        host: "127.0.0.1",
        port: ports[0],
        logger: false,
        ...(persistent ? { dataDir: join(folder, "data") } : {}),
      };
      const script = `import { startFauxqs } from ${JSON.stringify(fauxqs.url)}; await startFauxqs(${JSON.stringify(settings)});`;
      return {
        server: {
          command: process.execPath,
          args: ["--input-type=module", "--eval", script],
          cwd: folder,
          logFile: join(folder, "server.log"),
        },
      };
    },
  };
};
