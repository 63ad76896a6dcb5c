import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { basename, join } from "node:path";

/**
 * Names that `temporarySubscription` generates. A note with any other name was not written by a tail, and is not
 * trusted.
 */
const TEMPORARY_NAME = /^tail-[0-9a-f]{12}$/;

/** A temporary subscription that a tail has created. */
export interface JournalEntry {
  readonly topic: string;
  readonly subscription: string;
  /** Which broker, as a digest of its URL without the login. */
  readonly broker: string;
  readonly host: string;
  readonly pid: number;
}

/**
 * Notes on this machine about temporary subscriptions that exist, so that the next `tail` can remove one whose
 * process was killed, or whose broker was not reachable at the end. `tail` also works on a machine that cannot keep
 * notes.
 */
export class TailJournal {
  readonly #folder: string;
  readonly #broker: string;

  constructor(url: string, environment: NodeJS.ProcessEnv = process.env) {
    const state = environment["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
    this.#folder = join(state, "anytopic", "tails");
    this.#broker = createHash("sha256")
      .update(url.replace(/\/\/[^/?#]*@/, "//"))
      .digest("hex")
      .slice(0, 16);
  }

  async add(topic: string, subscription: string): Promise<void> {
    const entry: JournalEntry = { topic, subscription, broker: this.#broker, host: hostname(), pid: process.pid };
    try {
      await mkdir(this.#folder, { recursive: true });
      await writeFile(this.#file(subscription), JSON.stringify(entry));
    } catch {
      // Best effort, see above.
    }
  }

  async remove(subscription: string): Promise<void> {
    await rm(this.#file(subscription), { force: true }).catch(() => {});
  }

  /** The subscriptions on this broker whose process has ended. */
  async leftovers(): Promise<readonly JournalEntry[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const entries = await Promise.all(names.map(async (name) => await read(join(this.#folder, name))));
    return entries.filter(
      (entry) => entry?.broker === this.#broker && entry.host === hostname() && !isAlive(entry.pid),
    ) as readonly JournalEntry[];
  }

  #file(subscription: string): string {
    return join(this.#folder, `${subscription}.json`);
  }
}

async function read(file: string): Promise<JournalEntry | undefined> {
  try {
    const entry = JSON.parse(await readFile(file, "utf8")) as Partial<JournalEntry> | null;
    const isOurs =
      TEMPORARY_NAME.test(String(entry?.subscription)) &&
      basename(file) === `${entry?.subscription}.json` &&
      Number.isSafeInteger(entry?.pid) &&
      Number(entry?.pid) > 0;
    return isOurs ? (entry as JournalEntry) : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
