import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { findProgram } from "../find-program.ts";
import { probeHttp } from "../probes/probe-http.ts";
import type { FindNativeProgram } from "./native-program.ts";

// The server needs more than moto itself; the module that is usually missing is Flask.
const ASK_PYTHON = `
import importlib.metadata, importlib.util
print(importlib.metadata.version("moto") if importlib.util.find_spec("flask") else "")
`;

export const findMoto: FindNativeProgram = () => {
  const python = findProgram("python3");
  const version = python === undefined ? undefined : installedMoto(python);
  const script = findProgram("moto_server");
  // Debian's package has the module without the script.
  const command = script ?? (version === undefined ? undefined : python);
  if (command === undefined)
    return "native: there is no moto_server on the PATH, and python3 has no moto with its server";
  return {
    implementation: "moto",
    ports: 1,
    survivesRestart: false,
    probe: probeHttp,
    // It may belong to a different Python than the one on the PATH.
    version: version ?? "unknown",
    url: (port) => `http://127.0.0.1:${port}`,
    plan: ({ folder, ports }) => ({
      server: {
        command,
        args: [...(script === undefined ? ["-m", "moto.server"] : []), "-H", "127.0.0.1", "-p", String(ports[0])],
        cwd: folder,
        logFile: join(folder, "server.log"),
      },
    }),
  };
};

/** The version of moto, if its server can run. */
function installedMoto(python: string): string | undefined {
  try {
    const printed = execFileSync(python, ["-c", ASK_PYTHON], { stdio: ["ignore", "pipe", "ignore"] });
    return printed.toString().trim() || undefined;
  } catch {
    return undefined;
  }
}
