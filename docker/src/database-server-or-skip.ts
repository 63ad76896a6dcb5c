import { connect, type Socket } from "node:net";

/** Where tests find PostgreSQL, with a database that they may use: POSTGRES_URL, else the server on the usual port. */
export const postgresUrl: string = process.env["POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/test";
/** The same for MySQL or MariaDB: MYSQL_URL. */
export const mysqlUrl: string = process.env["MYSQL_URL"] ?? "mysql://root@127.0.0.1:3306/test";

const CONNECT_TIMEOUT_MS = 10_000;
const isCi = !["", "0", "false"].includes(process.env["CI"] ?? "");

/** Whether there is a server. In CI it must be there; elsewhere its absence is said on standard error, and the tests are skipped. */
export async function databaseServerOrSkip(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url);
  const listens = await answers(hostname, Number(port));
  if (!listens && isCi) throw new Error(`there is no ${protocol.slice(0, -1)} server at ${hostname}:${port}`);
  if (!listens) process.stderr.write(`\nSKIPPED, no ${protocol.slice(0, -1)} server at ${hostname}:${port}\n\n`);
  return listens;
}

async function answers(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket: Socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    const end = (listens: boolean): void => {
      socket.destroy();
      resolve(listens);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
