import { fileArchive, startArchive, defineArchive } from "@anytopic/archive";
import { connect } from "@anytopic/core";
import { stepsTopic } from "./archive-story.ts";

/** An archiver in a process of its own. It tells its parent how many messages are durable. */
export interface ArchiveTask {
  readonly url: string;
  readonly topic: string;
  readonly folder: string;
}

const { url, topic, folder } = JSON.parse(process.argv[2] as string) as ArchiveTask;
const pubsub = await connect(url, { provisioning: "off" });
const onArchived = (messages: number): unknown => process.send?.(messages);
await startArchive(
  pubsub,
  defineArchive(stepsTopic(topic), { ackDeadlineMs: 2000 }),
  fileArchive(folder, { maxSegmentBytes: 8192 }),
  {
    onArchived,
    maxMessages: 20,
  },
);
