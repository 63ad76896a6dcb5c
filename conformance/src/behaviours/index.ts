// Over 300 lines: one list of all behaviours.
import type { Behaviour } from "../behaviour.ts";
import { aborted as publishAborted } from "./publish/aborted.ts";
import { anyBytes as publishAnyBytes } from "./publish/any-bytes.ts";
import { attributeLimits as publishAttributeLimits } from "./publish/attribute-limits.ts";
import { attributesTogether as publishAttributesTogether } from "./publish/attributes-together.ts";
import { batchByBytes as publishBatchByBytes } from "./publish/batch-by-bytes.ts";
import { batchPartialFailure as publishBatchPartialFailure } from "./publish/batch-partial-failure.ts";
import { batch as publishBatch } from "./publish/batch.ts";
import { callerMistakes as publishCallerMistakes } from "./publish/caller-mistakes.ts";
import { chosenId as publishChosenId } from "./publish/chosen-id.ts";
import { deduplication as publishDeduplication } from "./publish/deduplication.ts";
import { deletedTopic as publishDeletedTopic } from "./publish/deleted-topic.ts";
import { exactJson as publishExactJson } from "./publish/exact-json.ts";
import { keyPause as publishKeyPause } from "./publish/key-pause.ts";
import { messageLimit as publishMessageLimit } from "./publish/message-limit.ts";
import { missingTopic as publishMissingTopic } from "./publish/missing-topic.ts";
import { roundtrip as publishRoundtrip } from "./publish/roundtrip.ts";
import { schema as publishSchema } from "./publish/schema.ts";
import { valueAtCall as publishValueAtCall } from "./publish/value-at-call.ts";
import { weirdAttributes as publishWeirdAttributes } from "./publish/weird-attributes.ts";
import { window as publishWindow } from "./publish/window.ts";
import { withoutSubscription as publishWithoutSubscription } from "./publish/without-subscription.ts";
import { ackDurable as deliveryAckDurable } from "./delivery/ack-durable.ts";
import { afterClose as deliveryAfterClose } from "./delivery/after-close.ts";
import { asyncContext as deliveryAsyncContext } from "./delivery/async-context.ts";
import { attempts as deliveryAttempts } from "./delivery/attempts.ts";
import { blockedLoop as deliveryBlockedLoop } from "./delivery/blocked-loop.ts";
import { competing as deliveryCompeting } from "./delivery/competing.ts";
import { concurrencyPerWorker as deliveryConcurrencyPerWorker } from "./delivery/concurrency-per-worker.ts";
import { concurrency as deliveryConcurrency } from "./delivery/concurrency.ts";
import { concurrentOpenClose as deliveryConcurrentOpenClose } from "./delivery/concurrent-open-close.ts";
import { deadWorker as deliveryDeadWorker } from "./delivery/dead-worker.ts";
import { extendDeadline as deliveryExtendDeadline } from "./delivery/extend-deadline.ts";
import { failureStorm as deliveryFailureStorm } from "./delivery/failure-storm.ts";
import { fanOut as deliveryFanOut } from "./delivery/fan-out.ts";
import { handlerOutcomes as deliveryHandlerOutcomes } from "./delivery/handler-outcomes.ts";
import { handlingTimeout as deliveryHandlingTimeout } from "./delivery/handling-timeout.ts";
import { isolation as deliveryIsolation } from "./delivery/isolation.ts";
import { leaseExtension as deliveryLeaseExtension } from "./delivery/lease-extension.ts";
import { newSubscription as deliveryNewSubscription } from "./delivery/new-subscription.ts";
import { prefetch as deliveryPrefetch } from "./delivery/prefetch.ts";
import { pullSettles as deliveryPullSettles } from "./delivery/pull-settles.ts";
import { reopen as deliveryReopen } from "./delivery/reopen.ts";
import { retry as deliveryRetry } from "./delivery/retry.ts";
import { sameClient as deliverySameClient } from "./delivery/same-client.ts";
import { settleTwice as deliverySettleTwice } from "./delivery/settle-twice.ts";
import { slowNeighbour as deliverySlowNeighbour } from "./delivery/slow-neighbour.ts";
import { subscribeAbort as deliverySubscribeAbort } from "./delivery/subscribe-abort.ts";
import { matching as filtersMatching } from "./filters/matching.ts";
import { noAttempt as filtersNoAttempt } from "./filters/no-attempt.ts";
import { acknowledged as filtersAcknowledged } from "./filters/acknowledged.ts";
import { order as filtersOrder } from "./filters/order.ts";
import { exactlyOnce as filtersExactlyOnce } from "./filters/exactly-once.ts";
import { bulk as filtersBulk } from "./filters/bulk.ts";
import { changed as filtersChanged } from "./filters/changed.ts";
import { heldBack as filtersHeldBack } from "./filters/held-back.ts";
import { curve as retryCurve } from "./retry/curve.ts";
import { retryAfter as retryRetryAfter } from "./retry/retry-after.ts";
import { waiting as retryWaiting } from "./retry/waiting.ts";
import { zero as retryZero } from "./retry/zero.ts";
import { contents as deadLettersContents } from "./dead-letters/contents.ts";
import { eachSubscription as deadLettersEachSubscription } from "./dead-letters/each-subscription.ts";
import { peekAndPurge as deadLettersPeekAndPurge } from "./dead-letters/peek-and-purge.ts";
import { poison as deadLettersPoison } from "./dead-letters/poison.ts";
import { queueGone as deadLettersQueueGone } from "./dead-letters/queue-gone.ts";
import { redriveFails as deadLettersRedriveFails } from "./dead-letters/redrive-fails.ts";
import { redriveLive as deadLettersRedriveLive } from "./dead-letters/redrive-live.ts";
import { redriveSome as deadLettersRedriveSome } from "./dead-letters/redrive-some.ts";
import { redrive as deadLettersRedrive } from "./dead-letters/redrive.ts";
import { scan as deadLettersScan } from "./dead-letters/scan.ts";
import { storeFails as deadLettersStoreFails } from "./dead-letters/store-fails.ts";
import { storedTwice as deadLettersStoredTwice } from "./dead-letters/stored-twice.ts";
import { undecodable as deadLettersUndecodable } from "./dead-letters/undecodable.ts";
import { acrossRetries as orderingAcrossRetries } from "./ordering/across-retries.ts";
import { acrossWorkers as orderingAcrossWorkers } from "./ordering/across-workers.ts";
import { deadLetter as orderingDeadLetter } from "./ordering/dead-letter.ts";
import { headBlocksKey as orderingHeadBlocksKey } from "./ordering/head-blocks-key.ts";
import { lostHead as orderingLostHead } from "./ordering/lost-head.ts";
import { perKey as orderingPerKey } from "./ordering/per-key.ts";
import { refused as orderingRefused } from "./ordering/refused.ts";
import { effect as exactlyOnceEffect } from "./exactly-once/effect.ts";
import { lostAck as exactlyOnceLostAck } from "./exactly-once/effect.ts";
import { unconfirmed as exactlyOnceUnconfirmed } from "./exactly-once/effect.ts";
import { cutGivenUp as faultsExactlyOnceClaims, givenUp as exactlyOnceGivenUp } from "./exactly-once/given-up.ts";
import { lapsedClaim as exactlyOnceLapsedClaim } from "./exactly-once/lapsed-claim.ts";
import { redrive as exactlyOnceRedrive } from "./exactly-once/redrive.ts";
import { refused as exactlyOnceRefused } from "./exactly-once/refused.ts";
import { ackBurst as shutdownAckBurst } from "./shutdown/ack-burst.ts";
import { closed as shutdownClosed } from "./shutdown/closed.ts";
import { deadline as shutdownDeadline } from "./shutdown/deadline.ts";
import {
  fromHandler as shutdownFromHandler,
  handlersPublish as shutdownHandlersPublish,
} from "./shutdown/from-handlers.ts";
import { inFlight as shutdownInFlight } from "./shutdown/in-flight.ts";
import { prefetched as shutdownPrefetched } from "./shutdown/prefetched.ts";
import { publishes as shutdownPublishes } from "./shutdown/publishes.ts";
import { underLoad as shutdownUnderLoad } from "./shutdown/under-load.ts";
import { unread as shutdownUnread } from "./shutdown/unread.ts";
import { destroy as topologyDestroy } from "./topology/destroy.ts";
import { ensure as topologyEnsure } from "./topology/ensure.ts";
import { off as topologyOff } from "./topology/off.ts";
import { update as topologyUpdate } from "./topology/update.ts";
import { verify as topologyVerify } from "./topology/verify.ts";
import { exactlyOnce as replayExactlyOnce } from "./replay/exactly-once.ts";
import { inFlight as replayInFlight } from "./replay/in-flight.ts";
import { inOrder as replayInOrder } from "./replay/in-order.ts";
import { refused as replayRefused } from "./replay/refused.ts";
import { retries as replayRetries } from "./replay/retries.ts";
import { runningWorkers as replayRunningWorkers } from "./replay/running-workers.ts";
import { time as replayTime } from "./replay/time.ts";
import { toTheEnd as replayToTheEnd } from "./replay/to-the-end.ts";
import { manifest as capabilitiesManifest } from "./capabilities/manifest.ts";
import { outOfRange as capabilitiesOutOfRange } from "./capabilities/out-of-range.ts";
import { allFail as batchesAllFail } from "./batches/all-fail.ts";
import { close as batchesClose } from "./batches/close.ts";
import { exactlyOnceBatches as batchesExactlyOnce } from "./batches/exactly-once.ts";
import { leases as batchesLeases } from "./batches/leases.ts";
import { orderedBatches as batchesOrdered } from "./batches/ordered.ts";
import { outcomes as batchesOutcomes } from "./batches/outcomes.ts";
import { places as batchesPlaces } from "./batches/places.ts";
import { undecodableInBatch as batchesUndecodable } from "./batches/undecodable.ts";
import { idle as drainIdle } from "./drain/idle.ts";
import { maxMessages as drainMaxMessages } from "./drain/max-messages.ts";
import { outage as drainOutage } from "./drain/outage.ts";
import { deadLetter as expiryDeadLetter } from "./expiry/dead-letter.ts";
import { drop as expiryDrop } from "./expiry/drop.ts";
import { foreign as expiryForeign } from "./expiry/foreign.ts";
import { ordered as expiryOrdered } from "./expiry/ordered.ts";
import { retries as expiryRetries } from "./expiry/retries.ts";
import { addedAttributes as instrumentationAddedAttributes } from "./instrumentation/added-attributes.ts";
import { everyEnd as instrumentationEveryEnd } from "./instrumentation/every-end.ts";
import { withinLimits as instrumentationWithinLimits } from "./instrumentation/within-limits.ts";
import { stats as observeStats, statsOrdered as observeStatsOrdered } from "./observe/stats.ts";
import { deletedSubscription as lifeDeletedSubscription } from "./life/deleted-subscription.ts";
import { events as lifeEvents } from "./life/events.ts";
import { idle as lifeIdle } from "./life/idle.ts";
import { leavesNothing as lifeLeavesNothing } from "./life/leaves-nothing.ts";
import { payloads as lifePayloads } from "./life/payloads.ts";
import { secrets as lifeSecrets } from "./life/secrets.ts";
import { foreignReads as wireForeignReads } from "./wire/foreign-reads.ts";
import { foreignWrites as wireForeignWrites } from "./wire/foreign-writes.ts";
import { hostile as wireHostile } from "./wire/hostile.ts";
import { arrives as delayArrives } from "./delay/arrives.ts";
import { cancel as delayCancel } from "./delay/cancel.ts";
import { list as delayList } from "./delay/list.ts";
import { many as delayMany } from "./delay/many.ts";
import { neverEarly as delayNeverEarly } from "./delay/never-early.ts";
import { now as delayNow } from "./delay/now.ts";
import { publisherGone as delayPublisherGone } from "./delay/publisher-gone.ts";
import { refused as delayRefused } from "./delay/refused.ts";
import { repeated as delayRepeated } from "./delay/repeated.ts";
import { withoutSubscription as delayWithoutSubscription } from "./delay/without-subscription.ts";
import { circuit as controlCircuit, circuitOrdered as controlCircuitOrdered } from "./control/circuit.ts";
import { pause as controlPause } from "./control/pause.ts";
import { pauseHandlers as controlPauseHandlers } from "./control/pause-handlers.ts";
import { pauseOrder as controlPauseOrder } from "./control/pause-order.ts";
import { rate as controlRate } from "./control/rate.ts";
import { acceptedSurvives as faultsAcceptedSurvives } from "./faults/accepted-survives.ts";
import { attemptsAcrossRestart as faultsAttemptsAcrossRestart } from "./faults/attempts-across-restart.ts";
import { closeFrozen as faultsCloseFrozen, closeHalfOpen as faultsCloseHalfOpen } from "./faults/close-unanswered.ts";
import { closeWhileDisconnected as faultsCloseWhileDisconnected } from "./faults/close-while-disconnected.ts";
import { cut as faultsCut } from "./faults/cut.ts";
import { exactlyOnceCut as faultsExactlyOnceCut } from "./faults/exactly-once-cut.ts";
import { halfOpen as faultsHalfOpen } from "./faults/half-open.ts";
import {
  orderedAttempts as faultsOrderedAttempts,
  orderedAttemptsInHand as faultsOrderedAttemptsInHand,
} from "./faults/ordered-attempts.ts";
import { orderedCut as faultsOrderedCut } from "./faults/ordered-cut.ts";
import { pauseInOutage as faultsPauseInOutage } from "./faults/pause-in-outage.ts";
import { reconnects as faultsReconnects } from "./faults/reconnects.ts";
import { restartUnderLoad as faultsRestartUnderLoad } from "./faults/restart-under-load.ts";
import { restartWithWaitingRetries as faultsRestartWithWaitingRetries } from "./faults/restart-with-waiting-retries.ts";
import { scheduledSurvive as faultsScheduledSurvive } from "./faults/scheduled-survive.ts";
import { slowLine as faultsSlowLine } from "./faults/slow-line.ts";
import { staleSettle as faultsStaleSettle } from "./faults/stale-settle.ts";
import { standbyRecovers as faultsStandbyRecovers } from "./faults/standby-recovers.ts";
import { subscribeInOutage as faultsSubscribeInOutage } from "./faults/subscribe-in-outage.ts";

/** Every behaviour, in the order in which the matrix shows them. */
export const behaviours: readonly Behaviour[] = Object.freeze([
  publishAborted,
  publishAnyBytes,
  publishAttributeLimits,
  publishAttributesTogether,
  publishBatchByBytes,
  publishBatchPartialFailure,
  publishBatch,
  publishCallerMistakes,
  publishChosenId,
  publishDeduplication,
  publishDeletedTopic,
  publishExactJson,
  publishKeyPause,
  publishMessageLimit,
  publishMissingTopic,
  publishRoundtrip,
  publishSchema,
  publishValueAtCall,
  publishWeirdAttributes,
  publishWindow,
  publishWithoutSubscription,
  deliveryAckDurable,
  deliveryAfterClose,
  deliveryAsyncContext,
  deliveryAttempts,
  deliveryBlockedLoop,
  deliveryCompeting,
  deliveryConcurrencyPerWorker,
  deliveryConcurrency,
  deliveryConcurrentOpenClose,
  deliveryDeadWorker,
  deliveryExtendDeadline,
  deliveryFailureStorm,
  deliveryFanOut,
  deliveryHandlerOutcomes,
  deliveryHandlingTimeout,
  deliveryIsolation,
  deliveryLeaseExtension,
  deliveryNewSubscription,
  deliveryPrefetch,
  deliveryPullSettles,
  deliveryReopen,
  deliveryRetry,
  deliverySameClient,
  deliverySettleTwice,
  deliverySlowNeighbour,
  deliverySubscribeAbort,
  filtersMatching,
  filtersNoAttempt,
  filtersAcknowledged,
  filtersOrder,
  filtersExactlyOnce,
  filtersBulk,
  filtersChanged,
  filtersHeldBack,
  retryCurve,
  retryRetryAfter,
  retryWaiting,
  retryZero,
  delayArrives,
  delayCancel,
  delayList,
  delayMany,
  delayNeverEarly,
  delayNow,
  delayPublisherGone,
  delayRefused,
  delayRepeated,
  delayWithoutSubscription,
  deadLettersContents,
  deadLettersEachSubscription,
  deadLettersPeekAndPurge,
  deadLettersPoison,
  deadLettersQueueGone,
  deadLettersRedriveLive,
  deadLettersRedriveSome,
  deadLettersRedriveFails,
  deadLettersRedrive,
  deadLettersScan,
  deadLettersStoreFails,
  deadLettersStoredTwice,
  deadLettersUndecodable,
  orderingAcrossRetries,
  orderingAcrossWorkers,
  orderingDeadLetter,
  orderingHeadBlocksKey,
  orderingLostHead,
  orderingPerKey,
  orderingRefused,
  exactlyOnceEffect,
  exactlyOnceLostAck,
  exactlyOnceUnconfirmed,
  exactlyOnceGivenUp,
  exactlyOnceLapsedClaim,
  exactlyOnceRedrive,
  exactlyOnceRefused,
  shutdownAckBurst,
  shutdownClosed,
  shutdownDeadline,
  shutdownFromHandler,
  shutdownHandlersPublish,
  shutdownInFlight,
  shutdownPrefetched,
  shutdownPublishes,
  shutdownUnderLoad,
  shutdownUnread,
  controlCircuit,
  controlCircuitOrdered,
  controlPause,
  controlPauseHandlers,
  controlPauseOrder,
  controlRate,
  topologyDestroy,
  topologyEnsure,
  topologyOff,
  topologyUpdate,
  topologyVerify,
  replayExactlyOnce,
  replayInFlight,
  replayInOrder,
  replayRefused,
  replayRetries,
  replayRunningWorkers,
  replayTime,
  replayToTheEnd,
  capabilitiesManifest,
  capabilitiesOutOfRange,
  instrumentationAddedAttributes,
  instrumentationEveryEnd,
  instrumentationWithinLimits,
  lifeDeletedSubscription,
  batchesOutcomes,
  batchesAllFail,
  batchesPlaces,
  batchesOrdered,
  batchesClose,
  batchesLeases,
  batchesUndecodable,
  batchesExactlyOnce,
  drainIdle,
  drainMaxMessages,
  expiryDrop,
  expiryRetries,
  expiryDeadLetter,
  expiryOrdered,
  expiryForeign,
  lifeEvents,
  observeStats,
  observeStatsOrdered,
  lifeIdle,
  lifeLeavesNothing,
  lifePayloads,
  lifeSecrets,
  wireForeignReads,
  wireForeignWrites,
  wireHostile,
  drainOutage,
  faultsAcceptedSurvives,
  faultsAttemptsAcrossRestart,
  faultsCloseFrozen,
  faultsCloseHalfOpen,
  faultsCloseWhileDisconnected,
  faultsCut,
  faultsExactlyOnceClaims,
  faultsExactlyOnceCut,
  faultsHalfOpen,
  faultsOrderedAttempts,
  faultsOrderedAttemptsInHand,
  faultsOrderedCut,
  faultsPauseInOutage,
  faultsReconnects,
  faultsRestartUnderLoad,
  faultsRestartWithWaitingRetries,
  faultsScheduledSurvive,
  faultsSlowLine,
  faultsStaleSettle,
  faultsStandbyRecovers,
  faultsSubscribeInOutage,
]);
