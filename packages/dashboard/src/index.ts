export { dashboard } from "./dashboard.ts";
export { tokenLogin, type TokenLogin, type TokenLoginOptions } from "./login/token-login.ts";
export type { Authorized, Dashboard, DashboardOptions, Permission, Visitor } from "./options.ts";
