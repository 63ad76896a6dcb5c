import type { TopicLoad } from "./load.ts";

/** Bytes of an id that `publish` makes: a UUID. */
const ID_BYTES = 36;

/** Our attribute on SNS and SQS: its name, its type, and `{"id":"…","time":1700000000000}`. See `encodeMessage` of @anytopic/aws. */
const AWS_METADATA_BYTES: number = "anytopicString".length + '{"id":"","time":1700000000000}'.length + ID_BYTES;
/** What the metadata also says where the message group is not an ordering key. */
const NO_KEY_BYTES: number = ',"key":null'.length;
/** What the metadata also says of a body that is not text. */
const BASE64_BYTES: number = ',"encoding":"base64"'.length;
/** The type of each attribute, which counts. */
const TYPE_BYTES: number = "String".length;

/** Our attribute on Pub/Sub, with the id. See `encodeMessage` of @anytopic/gcp. */
const GCP_ID_ATTRIBUTE_BYTES: number = "anytopic-id".length + ID_BYTES;
/** Pub/Sub's own id of a message has up to 17 digits in its documentation. */
const GCP_MESSAGE_ID_BYTES = 17;
/** Pub/Sub counts as many for the time. */
const GCP_TIMESTAMP_BYTES = 20;

/** What SNS and SQS count of one message. */
export function awsMessageBytes(topic: TopicLoad): number {
  const { bytes, attributes, attributeBytes, ordered, exactlyOnce, isText } = topic;
  const body = isText ? bytes : 4 * Math.ceil(bytes / 3) + BASE64_BYTES;
  const noKey = exactlyOnce && !ordered ? NO_KEY_BYTES : 0;
  return body + attributeBytes + attributes * TYPE_BYTES + AWS_METADATA_BYTES + noKey;
}

/** What Pub/Sub counts of one message. */
export function gcpMessageBytes({ bytes, attributeBytes, ordered, orderingKeyBytes }: TopicLoad): number {
  const key = ordered ? orderingKeyBytes : 0;
  return bytes + attributeBytes + key + GCP_ID_ATTRIBUTE_BYTES + GCP_MESSAGE_ID_BYTES + GCP_TIMESTAMP_BYTES;
}
