export { nodeHandler, type NodeHandler, type NodeHandlerOptions } from "./node/node-handler.ts";
export {
  DEFAULT_PORT,
  isLoopback,
  serveDashboard,
  type ServeDashboardOptions,
  type ServedDashboard,
} from "./node/serve-dashboard.ts";
