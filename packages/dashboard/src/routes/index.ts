import type { Route } from "../http/route.ts";
import { LETTER_ROUTES } from "./letters/index.ts";
import { sessionRoute } from "./session.ts";

export const ROUTES: readonly Route[] = [sessionRoute, ...LETTER_ROUTES];
