import { readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { findProgram, isExecutable } from "../find-program.ts";
import { probeGrpc } from "../probes/probe-grpc.ts";
import type { FindNativeProgram } from "./native-program.ts";

const SCRIPT_IN_SDK = "platform/pubsub-emulator/bin/cloud-pubsub-emulator";

export const findGcpEmulator: FindNativeProgram = () => {
  const command = findScript();
  if (command === undefined) {
    return "native: there is no Pub/Sub emulator on the PATH or in the Google Cloud SDK beside gcloud";
  }
  if (findProgram("java") === undefined && process.env["JAVA_HOME"] === undefined) {
    return "native: there is a Pub/Sub emulator, but no java on the PATH to run it";
  }
  const version = jarVersion(command);
  return {
    implementation: "gcp-emulator",
    ports: 1,
    survivesRestart: false,
    probe: probeGrpc,
    ...(version === undefined ? {} : { version }),
    url: (port) => `127.0.0.1:${port}`,
    plan: ({ folder, ports }) => ({
      server: {
        command,
        args: ["--host=127.0.0.1", `--port=${ports[0]}`],
        cwd: folder,
        logFile: join(folder, "server.log"),
      },
    }),
  };
};

/** On the PATH, in the SDK named by `CLOUDSDK_ROOT_DIR`, or in the SDK that `gcloud` belongs to. */
function findScript(): string | undefined {
  const onPath = findProgram("cloud-pubsub-emulator");
  if (onPath !== undefined) return onPath;
  const gcloud = findProgram("gcloud");
  const roots = [
    process.env["CLOUDSDK_ROOT_DIR"],
    gcloud === undefined ? undefined : dirname(dirname(realpathSync(gcloud))),
    "/usr/lib/google-cloud-sdk",
  ];
  return roots
    .filter((root) => root !== undefined)
    .map((root) => join(root, SCRIPT_IN_SDK))
    .find(isExecutable);
}

/** The emulator does not report its version, but the name of its jar contains it. */
function jarVersion(script: string): string | undefined {
  try {
    const names = readdirSync(join(dirname(realpathSync(script)), "../lib"));
    return names.map((name) => /^cloud-pubsub-emulator-(\d[\d.]*)/.exec(name)?.[1]).find(Boolean);
  } catch {
    return undefined;
  }
}
