import type { LetterChoice } from "../../../../src/api/letters.ts";
import type { Session } from "../../../../src/api/session.ts";

export type LetterAction = "redrive" | "purge";

/** What a visitor is about to do. */
export interface LetterPlan {
  readonly action: LetterAction;
  readonly choice: LetterChoice;
}

/** What this visitor may do with letters. */
export function letterActions(can: Session["can"]): readonly LetterAction[] {
  return (["redrive", "purge"] as const).filter((action) => can.includes(action));
}
