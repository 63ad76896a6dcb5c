import type { JSX } from "preact";
import type { LetterPlan } from "./letter-action.ts";
import { PurgeDialog } from "./purge-dialog.tsx";
import { RedriveDialog } from "./redrive-dialog.tsx";

interface PlanDialogProps {
  readonly of: string;
  readonly plan: LetterPlan;
  readonly onClose: () => void;
  readonly onBegun: () => void;
}

export function PlanDialog({ plan: { action, choice }, ...rest }: PlanDialogProps): JSX.Element {
  if (action === "purge") return <PurgeDialog choice={choice} {...rest} />;
  return <RedriveDialog choice={choice} {...rest} />;
}
