import { inspect } from "node:util";
import { adapterModule as aws } from "@anytopic/aws";
import { seededRandom } from "@anytopic/conformance";
import { connect, type Logger } from "@anytopic/core";
import { shownUrl } from "@anytopic/core/config";
import type { AdapterModule } from "@anytopic/core/driver";
import { adapterModule as gcp } from "@anytopic/gcp";
import { adapterModule as memory } from "@anytopic/memory";
import { adapterModule as nats } from "@anytopic/nats";
import { adapterModule as rabbitmq } from "@anytopic/rabbitmq";
import { adapterModule as redis } from "@anytopic/redis";
import { describe, expect, test } from "vitest";
import { wrongUrl } from "./wrong-urls.ts";

const SECRET = "hunter2swordfish";
/** Half of the secret is already too much. */
const HALVES = [SECRET.slice(0, 8), SECRET.slice(8)];
const URLS = 3000;
/** How many of the URLs that the adapter accepts are also connected to. */
const CONNECTIONS = 30;
const CONNECT_TIMEOUT_MS = 2000;

const modules: Readonly<Record<string, AdapterModule>> = { nats, rabbitmq, redis, aws, gcp, memory };

/** Everything of a value that a log, an error page or a debugger could show. */
function everything(value: unknown): string {
  const text = inspect(value, { depth: 8, showHidden: true });
  return `${text} ${JSON.stringify(value, ["message", "stack", "cause"])}`.toLowerCase();
}

function leaks(text: string): boolean {
  return HALVES.some((half) => text.toLowerCase().includes(half));
}

function refusalOf(module: AdapterModule, url: string): unknown {
  try {
    return module.fromUrl(url);
  } catch (error) {
    return error;
  }
}

/** All log lines and errors of a failed `connect`. */
async function connecting(target: Parameters<typeof connect>[0]): Promise<string> {
  const said: string[] = [];
  const listen = (fields: object, message: string): void => void said.push(message, everything(fields));
  const logger: Logger = { debug: listen, info: listen, warn: listen, error: listen };
  try {
    const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
    const pubsub = await connect(target, { logger, signal });
    await pubsub.close({ timeoutMs: 0 });
  } catch (error) {
    said.push(everything(error));
  }
  return said.join("\n");
}

describe("a URL with a password in it, however it is misspelled", () => {
  test.each(Object.keys(modules))(
    "%s: shows nothing of it in an error, an adapter or a log",
    { timeout: 120_000 },
    async (name) => {
      const module = modules[name]!;
      const random = seededRandom(name.length);
      const urls = Array.from({ length: URLS }, () => wrongUrl(random, module.schemes, SECRET));
      const taken = urls.filter((url) => !(refusalOf(module, url) instanceof Error));
      expect(urls.filter((url) => leaks(everything(refusalOf(module, url)))).slice(0, 10)).toEqual([]);

      const connected = await Promise.all(
        // The memory broker always accepts, and a test must not contact a cloud.
        (name === "nats" || name === "rabbitmq" || name === "redis" ? taken.slice(0, CONNECTIONS) : []).map(
          async (url) => ({
            url,
            said: await connecting(module.fromUrl(url)),
          }),
        ),
      );
      expect(connected.filter(({ said }) => leaks(said))).toEqual([]);
    },
  );

  test("core, which finds the adapter, shows nothing of it either", async () => {
    const random = seededRandom(99);
    const urls = Array.from({ length: 300 }, () =>
      wrongUrl(random, ["unknown", "amqps", "nat s", "gcp", "memory", "http"], SECRET),
    );
    const refused = await Promise.all(
      urls
        .filter((url) => !/^(amqps?|nats|tls|rediss?):/i.test(url))
        .map(async (url) => ({ url, said: await connecting(url) })),
    );
    expect(refused.filter(({ said }) => leaks(said))).toEqual([]);
  });

  test("as doctor prints it, nothing of it is left either", () => {
    const random = seededRandom(7);
    const schemes = ["unknown", ...Object.values(modules).flatMap((module) => module.schemes)];
    const urls = Array.from({ length: URLS }, () => wrongUrl(random, schemes, SECRET));
    expect(urls.filter((url) => leaks(shownUrl(url))).slice(0, 10)).toEqual([]);
  });
});
