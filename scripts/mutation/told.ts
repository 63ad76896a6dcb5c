/** What vitest tells of one test, or of a file that could not be read. */
export interface Told {
  /** Relative to the root. */
  readonly file: string;
  /** Its suites and its own name; empty for a whole file. */
  readonly names: readonly string[];
  readonly state: "passed" | "failed";
  /** Unix ms; 0 for a whole file. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Of its first error. */
  readonly message: string;
}

export const keyOf = ({ file, names }: Pick<Told, "file" | "names">): string => `${file} > ${names.join(" > ")}`;
