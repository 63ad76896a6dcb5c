import { parseArgs } from "node:util";
import { type Group, groupOf } from "./groups.ts";

export interface Options {
  readonly group: Group;
  readonly seed: number;
  readonly count: number;
  /** Of the sources. @default all of the group */
  readonly files: string | undefined;
  /** Judge only this one. */
  readonly mutant: string | undefined;
  /** Judge again what has survived or has timed out. */
  readonly again: boolean;
  /** Show what would be judged. */
  readonly list: boolean;
}

export const USAGE = `npm run mutation -- [options]

  --package <name>   core, memory, nats, rabbitmq, redis, aws or gcp; default core
  --seed <number>    chooses the mutants; default 1
  --count <number>   how many; default 100
  --files <glob>     only sources that match, such as core/src/inbox/*
  --mutant <id>      judge this one, and show its change
  --again            judge again those that have survived or have timed out
  --list             show the chosen mutants and their results, and judge none`;

/** @throws TypeError when an argument is unknown or wrong */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      package: { type: "string", default: "core" },
      seed: { type: "string", default: "1" },
      count: { type: "string", default: "100" },
      files: { type: "string" },
      mutant: { type: "string" },
      again: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
    },
  });
  const { package: group, files, mutant, again, list } = values;
  return {
    group: groupOf(group),
    files,
    mutant,
    again,
    list,
    seed: wholeNumber("seed", values.seed),
    count: wholeNumber("count", values.count),
  };
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new TypeError(`--${name} is ${text}: must be a whole number`);
}
