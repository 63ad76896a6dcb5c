import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts, logTail, startProcess, until } from "@anytopic/brokers";
import { prometheus, RULES } from "./promtool.ts";

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  /** Unix seconds, and the number as text. */
  readonly value: readonly [number, string];
}

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: string;
}

/** A private Prometheus with our alert rules, which scrapes one port of this machine every second. */
export class PrometheusServer implements AsyncDisposable {
  readonly #url: string;
  readonly #stop: () => Promise<void>;

  private constructor(url: string, stop: () => Promise<void>) {
    this.#url = url;
    this.#stop = stop;
  }

  static async start(scraped: number): Promise<PrometheusServer> {
    const [port = 0] = await freePorts(1);
    const folder = await mkdtemp(join(tmpdir(), "anytopic-prometheus-"));
    const configuration = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [RULES],
      scrape_configs: [{ job_name: "anytopic", static_configs: [{ targets: [`127.0.0.1:${scraped}`] }] }],
    };
    const file = join(folder, "prometheus.json");
    const logFile = join(folder, "log");
    await writeFile(file, JSON.stringify(configuration));
    const server = await startProcess({
      command: prometheus ?? "prometheus",
      args: [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      cwd: folder,
      logFile,
    });
    const stop = async (): Promise<void> => {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    };
    const url = `http://127.0.0.1:${port}`;
    const ready = async (): Promise<true | undefined> =>
      (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true ? true : undefined;
    try {
      await until(ready, { deadlineMs: 30_000, what: "Prometheus to be ready" });
    } catch (error) {
      const log = logTail(logFile);
      await stop();
      throw new Error(log, { cause: error });
    }
    return new PrometheusServer(url, stop);
  }

  /** The samples of an expression now. Rejects with Prometheus' own words when the expression is wrong. */
  async query(expression: string): Promise<readonly Sample[]> {
    const { result } = (await this.#get("query", { query: expression })) as { readonly result: readonly Sample[] };
    return result;
  }

  async labelValues(label: string, selector: string): Promise<readonly string[]> {
    return (await this.#get(`label/${label}/values`, { "match[]": selector })) as readonly string[];
  }

  async alerts(): Promise<readonly Alert[]> {
    return ((await this.#get("alerts", {})) as { readonly alerts: readonly Alert[] }).alerts;
  }

  async #get(path: string, parameters: Record<string, string>): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const answer = (await response.json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data: unknown;
    };
    if (answer.status !== "success") throw new Error(answer.error);
    return answer.data;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stop();
  }
}
