-- Messages that were published with a delay, until they are due.

CREATE TABLE anytopic_scheduled (
  topic text NOT NULL,
  message_id text NOT NULL,
  -- Unix ms, as all times here: when the message is due.
  due_ms integer NOT NULL,
  -- When it can be claimed: when it is due, when its claim ends, or when a failed publish is tried again.
  next_ms integer NOT NULL,
  -- Who publishes it now.
  claim text,
  attempts integer NOT NULL DEFAULT 0,
  body blob NOT NULL,
  -- A JSON object of strings.
  attributes text NOT NULL,
  publish_ms integer NOT NULL,
  PRIMARY KEY (topic, message_id)
);

CREATE INDEX anytopic_scheduled_next ON anytopic_scheduled (topic, next_ms);

INSERT INTO anytopic_migration (version) VALUES (3);
