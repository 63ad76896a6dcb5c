import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileArchive } from "@anytopic/archive";
import { expect, onTestFinished, test } from "vitest";
import type { ArchiveTask } from "./archive-process.ts";
import { byKey, onBroker, publishSteps, type Step } from "./archive-story.ts";
import { all, ownFolder } from "./messages.ts";

const PROGRAM = new URL("./archive-process.ts", import.meta.url);
const WAIT = { timeout: 90_000 };

interface Archiver {
  readonly child: ChildProcess;
  /** How many messages it has said to be durable. */
  archived: number;
}

function startArchiver(task: ArchiveTask): Archiver {
  const child = fork(PROGRAM, [JSON.stringify(task)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const archiver: Archiver = { child, archived: 0 };
  child.on("message", (count: number) => void (archiver.archived += count));
  onTestFinished(() => void child.kill("SIGKILL"));
  return archiver;
}

test.for(["nats", "rabbitmq", "redis"] as const)(
  "%s: an archiver that is killed in the middle, three times, loses nothing",
  { timeout: 180_000 },
  async (kind) => {
    const story = await onBroker(kind, { ackDeadlineMs: 2000 });
    if (story === undefined) return;
    const folder = await ownFolder();
    const task: ArchiveTask = { url: story.url, topic: story.topic.name, folder };
    let killed = 0;
    const publishing = (async () => {
      for (let from = 0; from < 500; from += 50) await publishSteps(story, from, from + 50, 25);
    })();
    for (let round = 0; round < 3; round += 1) {
      const archiver = startArchiver(task);
      await expect.poll(() => archiver.archived, WAIT).toBeGreaterThan(40);
      archiver.child.kill("SIGKILL");
      await once(archiver.child, "exit");
      killed += archiver.archived;
    }
    await publishing;
    expect(killed).toBeLessThan(500);
    startArchiver(task);
    const store = fileArchive(folder);
    const topic = story.topic.name;
    await expect
      .poll(async () => new Set((await all(store, { topic })).map(({ id }) => id)).size, { ...WAIT, interval: 500 })
      .toBe(500);
    const kept = await all(store, { topic });
    // Each message once, although some were appended again by the next process.
    expect(kept).toHaveLength(500);
    const steps = kept.map(({ body }) => JSON.parse(Buffer.from(body).toString()) as Step);
    expect(steps.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 500 }, (_, n) => n),
    );
    expect(byKey(steps).size).toBe(25);
    // What the dead ones left.
    expect((await readdir(join(folder, topic))).some((file) => file.startsWith("open_"))).toBe(true);
  },
);
