export {
  forwardDeadLetters,
  forwardDelivery,
  forwardDriver,
  forwardLetter,
  forwardPublisher,
  forwardRequest,
  forwardSink,
  intercept,
  openWrappedSubscriber,
  type DeliveryChanges,
  type SubscriberChanges,
  type WrapDriver,
} from "@anytopic/core/intercept";
