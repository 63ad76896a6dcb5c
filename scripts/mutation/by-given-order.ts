import { relative } from "node:path";
import type { TestSequencer, TestSpecification } from "vitest/node";

/** Test files in the order that the environment says: what most probably fails comes first. */
export class ByGivenOrder implements TestSequencer {
  shard(files: TestSpecification[]): TestSpecification[] {
    return files;
  }

  sort(files: TestSpecification[]): TestSpecification[] {
    const order = JSON.parse(process.env["MUTATION_ORDER"] ?? "[]") as readonly string[];
    const placeOf = ({ moduleId }: TestSpecification): number => order.indexOf(relative(process.cwd(), moduleId));
    return files.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
