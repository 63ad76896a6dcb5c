import type { Route } from "../http/route.ts";
import { sessionRoute } from "./session.ts";

export const ROUTES: readonly Route[] = [sessionRoute];
