/** For services: small, and without the page. */
export { dashboardEvents, type DashboardEventsOptions } from "./events/dashboard-events.ts";
export type { EventFeed } from "./events/event-feed.ts";
export type { DashboardEvents } from "./events/event-log.ts";
export { type DashboardSender, sendToDashboard } from "./send/send-to-dashboard.ts";
export type { SendOptions } from "./send/send-options.ts";
export type { WireError, WireEvent, WireEventType } from "./api/wire-event.ts";
