/** What a visitor may do beside looking. */
export type Permission = "publish" | "redrive" | "purge" | "pause" | "tail";

/** Who looks at the page, and what this person may do. */
export interface Visitor {
  /** Written to the log with every action. */
  readonly user: string;
  /** @default nothing but looking */
  readonly can?: readonly Permission[] | undefined;
}
