import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { NativeProgram } from "../src/native/native-program.ts";
import { startNativeBroker } from "../src/native/start-native-broker.ts";
import { probeHttp } from "../src/probes/probe-http.ts";

/** A web server as a broker, whose plan can be watched. */
function webServer(beforePlan: (port: number) => void): NativeProgram {
  return {
    implementation: "web",
    ports: 1,
    survivesRestart: false,
    probe: probeHttp,
    url: String,
    plan: ({ folder, ports }) => {
      beforePlan(ports[0]!);
      const script = `require("http").createServer((_, answer) => answer.end()).listen(${ports[0]}, "127.0.0.1")`;
      return {
        server: { command: process.execPath, args: ["-e", script], cwd: folder, logFile: join(folder, "log") },
      };
    },
  };
}

test("a port lost between choosing and binding is given up for another", async () => {
  const strangers: Server[] = [];
  const asked: number[] = [];
  const program = webServer((port) => {
    asked.push(port);
    if (asked.length < 3) strangers.push(createServer((socket) => socket.destroy()).listen(port, "127.0.0.1"));
  });
  const broker = await startNativeBroker("aws", program, {});
  expect(asked).toHaveLength(3);
  expect(broker.port).toBe(asked[2]);
  await broker.close();
  await Promise.all(strangers.map((server) => once(server.close(), "close")));
});

test("calls made at once take effect in their order", async () => {
  const broker = await startNativeBroker(
    "aws",
    webServer(() => {}),
    {},
  );
  await Promise.all([broker.kill?.(), broker.start?.(), broker.kill?.(), broker.start?.()]);
  expect(await probeHttp(broker.host, broker.port)).toBeDefined();
  await Promise.all([broker.start?.(), broker.close()]);
  expect(await probeHttp(broker.host, broker.port)).toBeUndefined();
});
