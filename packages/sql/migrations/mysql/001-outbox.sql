-- The outbox: messages that were published in a transaction and wait for the relay. Times are UTC.
-- Each statement of this file may run twice: the server commits after each one.

CREATE TABLE IF NOT EXISTS anytopic_migration (
  version integer PRIMARY KEY,
  applied_at datetime(3) NOT NULL
) ENGINE = InnoDB;

-- One row per message, deleted when the broker has it.
CREATE TABLE IF NOT EXISTS anytopic_outbox (
  seq bigint NOT NULL AUTO_INCREMENT,
  -- Which of the 16 lanes publishes it: all messages of one ordering key are in one.
  lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 15),
  topic varchar(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message_id varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ordering_key varchar(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  body longblob NOT NULL,
  -- A JSON object of strings.
  attributes longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  publish_time datetime(3) NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- Rows are kept in the order in which they are read. The server wants an index that begins with the number that it makes.
  PRIMARY KEY (lane, topic, seq),
  INDEX (seq)
) ENGINE = InnoDB;

-- One row of these is locked by who publishes with an ordering key, until its transaction ends: see docs/guides/outbox.md.
CREATE TABLE IF NOT EXISTS anytopic_outbox_key (
  bucket smallint PRIMARY KEY
) ENGINE = InnoDB;

INSERT IGNORE INTO anytopic_outbox_key (bucket)
  WITH RECURSIVE numbers (bucket) AS (SELECT 0 UNION ALL SELECT bucket + 1 FROM numbers WHERE bucket < 999)
  SELECT bucket FROM numbers;

-- A relay locks the row of a lane while it publishes from it.
CREATE TABLE IF NOT EXISTS anytopic_outbox_lane (
  lane smallint PRIMARY KEY
) ENGINE = InnoDB;

INSERT IGNORE INTO anytopic_outbox_lane (lane) VALUES
  (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15);

-- What must wait after a failure: one ordering key of a topic, or the whole topic where the key is empty. Bytes, because a character
-- column of 1,024 would be too long for a key, and would ignore spaces at its end.
CREATE TABLE IF NOT EXISTS anytopic_outbox_hold (
  topic varchar(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ordering_key varbinary(1024) NOT NULL,
  until datetime(3) NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  error text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (topic, ordering_key)
) ENGINE = InnoDB;

-- Messages that cannot be published, with the reason.
CREATE TABLE IF NOT EXISTS anytopic_outbox_parked (
  seq bigint PRIMARY KEY,
  lane smallint NOT NULL,
  topic varchar(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message_id varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ordering_key varchar(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  body longblob NOT NULL,
  attributes longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  publish_time datetime(3) NOT NULL,
  attempts integer NOT NULL,
  error text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  parked_at datetime(3) NOT NULL,
  INDEX (topic, ordering_key(255))
) ENGINE = InnoDB;

INSERT IGNORE INTO anytopic_migration (version, applied_at) VALUES (1, UTC_TIMESTAMP(3));
