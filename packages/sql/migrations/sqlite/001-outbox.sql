-- The outbox: messages that were published in a transaction and wait for the relay. Times are Unix ms.

CREATE TABLE IF NOT EXISTS anytopic_migration (
  version integer PRIMARY KEY,
  applied_at integer NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
);

-- One row per message, deleted when the broker has it. AUTOINCREMENT: a number is never used again, also after the last row is gone.
CREATE TABLE anytopic_outbox (
  seq integer PRIMARY KEY AUTOINCREMENT,
  -- Which of the 16 lanes publishes it: all messages of one ordering key are in one.
  lane integer NOT NULL CHECK (lane BETWEEN 0 AND 15),
  topic text NOT NULL,
  message_id text NOT NULL CHECK (length(message_id) <= 128),
  ordering_key text,
  body blob NOT NULL,
  -- A JSON object of strings.
  attributes text NOT NULL,
  publish_time integer NOT NULL,
  attempts integer NOT NULL DEFAULT 0
);

CREATE INDEX anytopic_outbox_lane_topic ON anytopic_outbox (lane, topic, seq);

-- A relay leases the lane that it publishes from: no transaction may be open meanwhile, because it would keep all others from writing.
CREATE TABLE anytopic_outbox_lane (
  lane integer PRIMARY KEY,
  lease_token text,
  lease_until integer NOT NULL DEFAULT 0
);

INSERT INTO anytopic_outbox_lane (lane)
  WITH RECURSIVE numbers (lane) AS (SELECT 0 UNION ALL SELECT lane + 1 FROM numbers WHERE lane < 15)
  SELECT lane FROM numbers;

-- What must wait after a failure: one ordering key of a topic, or the whole topic where the key is empty.
CREATE TABLE anytopic_outbox_hold (
  topic text NOT NULL,
  ordering_key text NOT NULL,
  until integer NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  error text NOT NULL,
  PRIMARY KEY (topic, ordering_key)
) WITHOUT ROWID;

-- Messages that cannot be published, with the reason.
CREATE TABLE anytopic_outbox_parked (
  seq integer PRIMARY KEY,
  lane integer NOT NULL,
  topic text NOT NULL,
  message_id text NOT NULL,
  ordering_key text,
  body blob NOT NULL,
  attributes text NOT NULL,
  publish_time integer NOT NULL,
  attempts integer NOT NULL,
  error text NOT NULL,
  parked_at integer NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
);

CREATE INDEX anytopic_outbox_parked_key ON anytopic_outbox_parked (topic, ordering_key);

INSERT INTO anytopic_migration (version) VALUES (1);
