export { behaviour } from "./behaviour.ts";
export type { Behaviour, BehaviourOptions, Need, Statement, Tier } from "./behaviour.ts";
export { behaviours } from "./behaviours/index.ts";
export type {
  AdapterRequest,
  BrokerControl,
  Facility,
  ForeignClient,
  ForeignMessage,
  Harness,
  HostilePublisher,
  KnownFaults,
  NetworkProxy,
  ProcessAdapter,
  Quirk,
  Slack,
  SubscriptionName,
  SubscriptionStats,
  UnreachableAdapter,
} from "./harness.ts";
export { abilitiesOf } from "./chaos/abilities.ts";
export { type ChaosRecord, chaosRecords, chaosTable, loadChaosRuns, saveChaosRun } from "./chaos/chaos-table.ts";
export { checkHistory, type ChaosVerdict } from "./chaos/check-history.ts";
export { makeSchedule, type ChaosAbilities, type MakeScheduleOptions } from "./chaos/make-schedule.ts";
export type { Happened, HistoryLine } from "./chaos/history.ts";
export { requireUnharmed } from "./chaos/require-unharmed.ts";
export { runChaos, type ChaosRun, type RunChaosOptions } from "./chaos/run-chaos.ts";
export { runSchedule, type ChaosResult, type RunScheduleOptions } from "./chaos/run-schedule.ts";
export { describeSchedule } from "./chaos/schedule.ts";
export type { ChaosSchedule, ProcessPlan, PublishPlan, Step, StepKind, TopicPlan, WorkPlan } from "./chaos/schedule.ts";
export { shrinkSchedule, type ShrinkOptions } from "./chaos/shrink.ts";
export { growths, notFlat, type Growth } from "./soak/flatness.ts";
export { makeSoakSchedule, type SoakScheduleOptions } from "./soak/make-soak-schedule.ts";
export { runSoak, type RunSoakOptions, type SoakRun } from "./soak/run-soak.ts";
export type { ChaosCheck, ChaosNumbers, ChaosViolation } from "./chaos/verdict.ts";
export type { ClusterClients } from "./cluster/cluster-clients.ts";
export { ClusterLoad } from "./cluster/cluster-load.ts";
export { comesToRest, goesOn, isNoticed, isUp } from "./cluster/load-checks.ts";
export { matrixEntries, matrixMarkdown, matrixSummary } from "./matrix.ts";
export type { MatrixEntry } from "./matrix.ts";
export { minimalHarness } from "./minimal-harness.ts";
export { seededRandom, type Random } from "./random.ts";
export { registerConformance } from "./register-conformance.ts";
export type { RegisterOptions, TestFunction } from "./register-conformance.ts";
export { headline, isFailure, summary } from "./result.ts";
export type { BehaviourResult, ConformanceRun, Outcome } from "./result.ts";
export { runConformance } from "./run-conformance.ts";
export type { RunOptions } from "./run-conformance.ts";
export { withCapabilities } from "./saboteurs/declaring.ts";
export { brokerSaboteurs, saboteurs } from "./saboteurs/index.ts";
export type { Saboteur } from "./saboteurs/saboteur.ts";
export { junit } from "./junit.ts";
export { killMatrix } from "./kill-matrix.ts";
export { isCaught, killers, sabotaged } from "./saboteurs/hunt.ts";
export { loadRuns, saveRun } from "./save-run.ts";
export type { Selection } from "./select-behaviours.ts";
export { checkInboxStore } from "./check-inbox-store.ts";
export { checkScheduleStore, type ScheduleStoreCheckOptions } from "./check-schedule-store.ts";
export type { InboxStoreCheckOptions } from "./check-inbox-store.ts";
export { createTcpProxy } from "./tcp-proxy.ts";
export type { TcpProxy, TcpProxyOptions } from "./tcp-proxy.ts";
