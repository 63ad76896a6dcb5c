import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { PubSub } from "@anytopic/core";
import type { Command } from "../command.ts";
import { chosenDashboard, DASHBOARD_OPTIONS, type ChosenDashboard } from "../dashboard-options.ts";
import { importDashboardPackage, type ServedDashboard } from "../dashboard-package.ts";
import { EXIT } from "../exit-codes.ts";
import { loggerTo } from "../logger-to.ts";
import { openInBrowser } from "../open-in-browser.ts";
import type { Output } from "../output.ts";
import { CLOSE_TIMEOUT_MS, openPubSub } from "../settings.ts";
import { UsageError } from "../usage-error.ts";

/** `anytopic dashboard` */
export const dashboard: Command = {
  name: "dashboard",
  operands: "",
  operandCount: [0, 0],
  summary: "show topics, backlog and dead letters in a browser, and repair them, until Ctrl-C",
  details: `Prints the address of the page. It works beside a running system and needs only the broker and the declarations. It creates nothing but
the subscription of a tail, while it runs. While the broker is away, the page says why, and connects when it is back. Only this machine can
reach it, unless --host says otherwise.`,
  example: "anytopic dashboard --url nats://127.0.0.1:4222 --declarations ./topics.ts",
  options: DASHBOARD_OPTIONS,
  async run({ given, settings, output, signal }) {
    const { isLoopback, serveDashboard } = await importDashboardPackage();
    const chosen = chosenDashboard(given, isLoopback);
    const resolved = await settings();
    const declarations = await resolved.declarations();
    const opened: PubSub[] = [];
    const pubsub = async (): Promise<PubSub> => {
      const one = await openPubSub(resolved, { signal });
      opened.push(one);
      return one;
    };
    const { config } = resolved.load;
    const served = await serveDashboard({ ...chosen, pubsub, declarations, config, logger: loggerTo(output) }).catch(
      (error: unknown) => {
        throw listenError(error, chosen);
      },
    );
    let lines: Interface | undefined;
    try {
      announce(served, chosen, output);
      if (chosen.token === undefined) lines = newLinkOnEnter(served, output);
      if (given.flag("open") && !(await openInBrowser(served.newLink()))) output.note("no browser could be opened");
      if (!signal.aborted) await once(signal, "abort");
    } finally {
      lines?.close();
      await served.close();
      await Promise.all(opened.map(async (one) => await one.close({ timeoutMs: CLOSE_TIMEOUT_MS })));
    }
    return EXIT.ok;
  },
};

function announce(
  served: ServedDashboard,
  { port, token, can, ingest, host, hosts }: ChosenDashboard,
  output: Output,
): void {
  const { url } = served;
  const link = served.newLink();
  const reports = ingest === undefined ? undefined : `${url}#${ingest.token}`;
  if (port !== 0 && served.port !== port) output.note(`port ${port} is in use: this is another one`);
  if (token !== undefined && host !== "127.0.0.1")
    output.note("whoever sees the network sees the token, unless a proxy adds TLS");
  output.item({ url, link, reports: reports ?? null, can, hosts }, () => `${link} shows the dashboard; Ctrl-C ends it`);
  if (reports !== undefined) output.note(`services report to it with ANYTOPIC_DASHBOARD=${reports}`);
}

function newLinkOnEnter(served: ServedDashboard, output: Output): Interface | undefined {
  if (!process.stdin.isTTY) return undefined;
  output.note("the link works once; press Enter for another one");
  const lines = createInterface({ input: process.stdin });
  lines.on("line", () => {
    const link = served.newLink();
    output.item({ link }, () => link);
  });
  return lines;
}

/** @returns the error to throw instead */
function listenError(error: unknown, { host, port }: ChosenDashboard): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const place = `${host}, port ${port}`;
  if (code === "EADDRINUSE") {
    return new UsageError(`${place} is in use`, "give another --port, or none: then a free one is used", {
      cause: error,
    });
  }
  if (code === "EACCES") return new UsageError(`${place} is not allowed`, "give a --port from 1024", { cause: error });
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new UsageError(`--host ${host} is no address of this machine`, undefined, { cause: error });
  }
  return error;
}
