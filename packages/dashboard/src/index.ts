export { dashboard } from "./dashboard.ts";
export { tokenLogin, type TokenLogin, type TokenLoginOptions } from "./login/token-login.ts";
export type { Authorized, Dashboard, DashboardOptions, Permission, Visitor } from "./options.ts";
export {
  dashboardEvents,
  type DashboardEvents,
  type DashboardEventsOptions,
  type DashboardSender,
  type EventFeed,
  sendToDashboard,
  type SendOptions,
  type WireError,
  type WireEvent,
  type WireEventType,
} from "./events.ts";
