-- Messages that were published with a delay, until they are due.

CREATE TABLE anytopic_scheduled (
  topic text NOT NULL,
  message_id text NOT NULL,
  -- Unix ms, as all times here: when the message is due.
  due_ms bigint NOT NULL,
  -- When it can be claimed: when it is due, when its claim ends, or when a failed publish is tried again.
  next_ms bigint NOT NULL,
  -- Who publishes it now.
  claim text,
  attempts integer NOT NULL DEFAULT 0,
  body bytea NOT NULL,
  -- A JSON object of strings, as text: some libraries encode a string for a jsonb column once more.
  attributes text NOT NULL,
  publish_ms bigint NOT NULL,
  PRIMARY KEY (topic, message_id)
) WITH (
  -- Every row is deleted when it was published: what is dead goes by numbers, not by a share of the table.
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000
);

CREATE INDEX ON anytopic_scheduled (topic, next_ms);

INSERT INTO anytopic_migration (version) VALUES (3);
