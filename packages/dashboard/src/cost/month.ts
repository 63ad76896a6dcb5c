import { MONTH_DAYS } from "./load.ts";

export const MONTH_SECONDS: number = MONTH_DAYS * 86_400;

/** The seconds of a month in which messages come. */
export function activeSeconds(activeHoursPerDay: number): number {
  return MONTH_DAYS * activeHoursPerDay * 3600;
}

/** What a rate in the active hours comes to in a month. */
export function messagesOfRate(perSecond: number, activeHoursPerDay: number): number {
  return perSecond * activeSeconds(activeHoursPerDay);
}
