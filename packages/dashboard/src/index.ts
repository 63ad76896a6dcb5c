export { dashboard } from "./dashboard.ts";
export type { Dashboard, DashboardOptions, Permission, Visitor } from "./options.ts";
