import { execFile, execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { freePorts, until } from "@anytopic/brokers";

const runFile = promisify(execFile);
const PACKAGED = "/usr/lib/postgresql";

/** A PostgreSQL server of one test, which can be stopped and started. */
export interface PrivatePostgres {
  readonly url: string;
  /** Ends all connections at once, as a crash does. */
  stop(): Promise<void>;
  /** Resolves when it answers. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Where `pg_ctl` and `initdb` are; `undefined` when they are not installed. */
export function findPostgres(): string | undefined {
  const packaged = existsSync(PACKAGED) ? readdirSync(PACKAGED).map((version) => join(PACKAGED, version, "bin")) : [];
  return [...packaged, ...(process.env["PATH"] ?? "").split(delimiter)].find((folder) =>
    existsSync(join(folder, "initdb")),
  );
}

/** @param programs the result of `findPostgres` */
export async function startPrivatePostgres(programs: string): Promise<PrivatePostgres> {
  const folder = await mkdtemp(join(tmpdir(), "anytopic-postgres-"));
  const as = await ownerOf(folder);
  const run = async (program: string, ...args: readonly string[]): Promise<void> => {
    await runFile(join(programs, program), args, { ...as, cwd: folder });
  };
  const data = join(folder, "data");
  await run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync");
  const [port = 0] = await freePorts(1);
  const options = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off`;
  const start = async (): Promise<void> => {
    await run("pg_ctl", "-D", data, "-o", options, "-l", join(folder, "log"), "-w", "start");
    await until(async () => ((await answers(port)) ? true : undefined), {
      deadlineMs: 10_000,
      everyMs: 20,
      what: "PostgreSQL",
    });
  };
  const stop = async (): Promise<void> => await run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop");
  await start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    start,
    stop,
    async close() {
      await stop().catch(() => {});
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
async function ownerOf(folder: string): Promise<{ readonly uid?: number; readonly gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const number = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  const owner = { uid: number("-u"), gid: number("-g") };
  await chown(folder, owner.uid, owner.gid);
  return owner;
}

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}
