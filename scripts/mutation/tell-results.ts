import { writeSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import type { Told } from "./told.ts";

/** Written at once, line by line, to the pipe that `run-tests.ts` reads: it need not wait for the end of vitest. */
const tell = (told: Told): void => void writeSync(3, `${JSON.stringify(told)}\n`);

const firstLine = (errors: readonly { readonly message: string }[]): string =>
  (errors[0]?.message ?? "").trim().split("\n").slice(0, 3).join(" ").slice(0, 300);

const pathOf = ({ moduleId }: TestModule): string => relative(process.cwd(), moduleId);

/** A reporter for vitest. */
export class TellResults implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result();
    if (state === "pending" || state === "skipped") return;
    const names = [test.name];
    for (let parent = test.parent; parent.type === "suite"; parent = parent.parent) names.unshift(parent.name);
    const { startTime, duration } = test.diagnostic() ?? { startTime: 0, duration: 0 };
    const times = { startMs: Math.round(startTime), durationMs: Math.round(duration) };
    tell({ file: pathOf(test.module), names, state, ...times, message: firstLine(errors ?? []) });
  }

  onTestModuleEnd(module: TestModule): void {
    const errors = module.errors();
    if (errors.length > 0) {
      const file = pathOf(module);
      tell({ file, names: [], state: "failed", startMs: 0, durationMs: 0, message: firstLine(errors) });
    }
  }

  onTestRunEnd(_modules: readonly TestModule[], unhandled: readonly { readonly message: string }[]): void {
    if (unhandled.length > 0) {
      tell({
        file: "",
        names: ["an error that no test caught"],
        state: "failed",
        startMs: 0,
        durationMs: 0,
        message: firstLine(unhandled),
      });
    }
  }
}
