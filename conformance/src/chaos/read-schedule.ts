import { readFile } from "node:fs/promises";
import { shown } from "../expect.ts";
import { STEP_KINDS, type ChaosSchedule } from "./schedule.ts";

/**
 * Reads a schedule that a failing run has saved, also after somebody has edited it.
 *
 * @throws Error that names the file and what is wrong in it
 */
export async function readSchedule(file: string): Promise<ChaosSchedule> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new Error(`${file} cannot be read as JSON: ${(error as Error).message}`, { cause: error });
  }
  const problem = problemOf(value as ChaosSchedule);
  if (problem !== undefined) throw new Error(`${file} is no chaos schedule: ${problem}`);
  return value as ChaosSchedule;
}

const NUMBERS = ["seed", "durationMs", "ackDeadlineMs", "retryMs", "maxRetries", "recoveryMs"] as const;

function problemOf(schedule: ChaosSchedule): string | undefined {
  if (typeof schedule !== "object" || schedule === null || schedule.version !== 1) return `"version" must be 1`;
  for (const name of NUMBERS) {
    if (!(schedule[name] >= 0)) return `"${name}" is ${shown(schedule[name])}: must be a number, 0 or more`;
  }
  for (const name of ["topics", "processes", "steps"] as const) {
    if (!Array.isArray(schedule[name])) return `"${name}" must be a list`;
  }
  const topics = new Set(schedule.topics.map(({ name }) => name));
  const processes = new Set(schedule.processes.map(({ name }) => name));
  for (const { name, publishes, works } of schedule.processes) {
    const unknown = [...publishes, ...works].find(({ topic }) => !topics.has(topic));
    if (unknown !== undefined)
      return `process ${name} names the topic ${shown(unknown.topic)}, which is not in "topics"`;
  }
  for (const [index, { kind, process, atMs, forMs }] of schedule.steps.entries()) {
    if (!STEP_KINDS.includes(kind))
      return `step ${index} has the kind ${shown(kind)}: must be one of ${STEP_KINDS.join(", ")}`;
    if (process !== undefined && !processes.has(process))
      return `step ${index} names the process ${shown(process)}, which is not in "processes"`;
    if (!(atMs >= 0 && forMs >= 0)) return `step ${index}: "atMs" and "forMs" must be numbers, 0 or more`;
  }
  return undefined;
}
