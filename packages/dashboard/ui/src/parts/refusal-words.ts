import { RequestError } from "../api.ts";

/** Why a request failed, for the visitor. */
export function refusalWords(caught: unknown): string {
  return caught instanceof RequestError ? caught.message : "the dashboard's process does not answer";
}
