import { spawn } from "node:child_process";

const PROGRAMS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ["open"],
  // The empty text is the title of the window, which start takes from its first quoted argument.
  win32: ["cmd", "/c", "start", '""'],
};

/** Resolves with whether a program was found that opens it. */
export async function openInBrowser(address: string): Promise<boolean> {
  const [program = "", ...args] = PROGRAMS[process.platform] ?? ["xdg-open"];
  const child = spawn(program, [...args, address], { stdio: "ignore", detached: true });
  child.unref();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  child.once("spawn", () => resolve(true)).once("error", () => resolve(false));
  return await promise;
}
