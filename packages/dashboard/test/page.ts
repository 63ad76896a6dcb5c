import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BROWSER_ARGUMENTS, browserOrSkip } from "@anytopic/brokers";
import { type Browser, chromium } from "playwright-core";
import { nodeHandler } from "../src/node.ts";

/** Whether there is a browser: `describe.skipIf(!hasBrowser)`. */
export const browserPath: string | undefined = browserOrSkip();

export async function startBrowser(args: readonly string[] = []): Promise<Browser> {
  if (browserPath === undefined) throw new Error("there is no browser");
  return await chromium.launch({ executablePath: browserPath, args: [...BROWSER_ARGUMENTS, ...args] });
}

export interface Served {
  /** `http://127.0.0.1:40123` */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a fetch handler on a free port of loopback. */
export async function serve(handle: (request: Request) => Promise<Response>, port = 0): Promise<Served> {
  const server = createServer(nodeHandler(handle));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
