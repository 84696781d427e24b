-- The log on PostgreSQL. Everything that may not exist twice is here; everything can be executed again.
CREATE SCHEMA IF NOT EXISTS chirp_log;

CREATE TABLE IF NOT EXISTS chirp_log.store (
    id             INT PRIMARY KEY CHECK (id = 1),
    schema_version BIGINT NOT NULL,
    epoch          UUID NOT NULL,
    token_key      BYTEA NOT NULL
);
-- The counter. One row, rewritten by each batch: room in its page keeps the old versions from piling up.
CREATE TABLE IF NOT EXISTS chirp_log.head (
    id          INT PRIMARY KEY CHECK (id = 1),
    position    BIGINT NOT NULL,
    hash        BYTEA NOT NULL,
    recorded_at BIGINT NOT NULL
) WITH (fillfactor = 10);
CREATE TABLE IF NOT EXISTS chirp_log.events (
    position       BIGINT PRIMARY KEY,
    event_id       UUID NOT NULL,
    stream         TEXT NOT NULL COLLATE "C",
    version        BIGINT NOT NULL,
    type           TEXT NOT NULL,
    schema_version BIGINT NOT NULL,
    command_id     UUID NOT NULL,
    correlation_id UUID NOT NULL,
    causation_id   UUID,
    principal      TEXT NOT NULL,
    traceparent    TEXT,
    recorded_at    BIGINT NOT NULL,
    payload        TEXT NOT NULL,
    payload_digest BYTEA NOT NULL,
    hash           BYTEA NOT NULL,
    UNIQUE (stream, version)
);
CREATE TABLE IF NOT EXISTS chirp_log.requests (
    principal  TEXT NOT NULL COLLATE "C",
    request_id UUID NOT NULL,
    digest     BYTEA NOT NULL,
    position   BIGINT NOT NULL,
    answer     BYTEA NOT NULL,
    PRIMARY KEY (principal, request_id)
);
-- What a query server may know of the log: which event is where, and nothing of what it says.
CREATE OR REPLACE VIEW chirp_log.positions AS SELECT position, hash FROM chirp_log.events;
-- Random bytes of the server: the core has no function that gives them, but its UUIDs are of the same source, 122 bits each.
INSERT INTO chirp_log.store
VALUES (1, 1, gen_random_uuid(), sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))
ON CONFLICT DO NOTHING;
INSERT INTO chirp_log.head VALUES (1, 0, decode(repeat('00', 32), 'hex'), 0) ON CONFLICT DO NOTHING;

-- A field of a hash: its length and its bytes.
CREATE OR REPLACE FUNCTION chirp_log.field(bytes BYTEA) RETURNS BYTEA LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT int4send(COALESCE(octet_length(bytes), 0)) || COALESCE(bytes, ''::BYTEA) $$;

-- What a batch is made of. `append` is the number of the command in the batch, from 1. As one array of rows they cost a third of
-- what an array for each column does.
DO $$
BEGIN
    IF to_regtype('chirp_log.new_event') IS NULL THEN
        -- That the version of a stream is still this one.
        CREATE TYPE chirp_log.expectation AS (append INT, stream TEXT, version BIGINT);
        CREATE TYPE chirp_log.new_request AS (append INT, principal TEXT, request_id UUID, digest BYTEA, answer BYTEA);
        -- `before_version` and `after_version` are those parts of the hashed header that are known already: before the version,
        -- and between the version and the time.
        CREATE TYPE chirp_log.new_event AS (
            append INT, event_id UUID, stream TEXT, type TEXT, schema_version BIGINT, command_id UUID, correlation_id UUID,
            causation_id UUID, principal TEXT, traceparent TEXT, payload TEXT, payload_digest BYTEA, before_version BYTEA,
            after_version BYTEA
        );
    END IF;
END
$$;
DROP FUNCTION IF EXISTS chirp_log.append;
-- What it answers has changed since, which CREATE OR REPLACE refuses.
DROP FUNCTION IF EXISTS chirp_log.append_batch;

-- Appends the commands of one batch, in one round trip; each of them is all or nothing, and one that loses does not fail its
-- neighbours. No two commands of a batch write the same stream, or have the same request, or one a stream that a later one
-- expects: so each can be judged by what is stored, and all of them at once.
--
-- The head is locked by a statement of its own. Every statement after it has a snapshot from after the lock, so it
-- sees all that was committed before, and nothing is committed beside it: a check in the locking statement would see
-- what was there before the wait.
--
-- The decisions rest on what was known up to the position `known`, where the hash begins with `fingerprint`. A log that has another event there,
-- or none, has another history, and the error is CH001.
--
-- For each append, in their order, one row: `position` with the `hash` at it, and either `stream`, which has moved on, or `digest` and `answer` of
-- the request that was stored before, or neither when it is stored now.
CREATE OR REPLACE FUNCTION chirp_log.append_batch(
    appends INT, now BIGINT, known BIGINT, fingerprint BYTEA, expected chirp_log.expectation[], requested chirp_log.new_request[], recorded chirp_log.new_event[]
) RETURNS TABLE (append INT, "position" BIGINT, hash BYTEA, stream TEXT, digest BYTEA, answer BYTEA)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = chirp_log, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    head_position BIGINT;
    head_hash BYTEA;
    time_field BYTEA := field(now::TEXT::BYTEA);
    first_position BIGINT;
    first_hash BYTEA;
    refused BOOLEAN[] := array_fill(FALSE, ARRAY[appends]);
    reached BIGINT[] := array_fill(NULL::BIGINT, ARRAY[appends]);
    reached_hashes BYTEA[] := array_fill(NULL::BYTEA, ARRAY[appends]);
    -- Of each event that is stored; nothing for the others.
    positions BIGINT[] := array_fill(NULL::BIGINT, ARRAY[cardinality(recorded)]);
    versions BIGINT[] := positions;
    hashes BYTEA[] := array_fill(NULL::BYTEA, ARRAY[cardinality(recorded)]);
    found RECORD;
BEGIN
    SELECT head.position, head.hash INTO head_position, head_hash FROM head WHERE id = 1 FOR UPDATE;
    first_position := head_position;
    first_hash := head_hash;
    IF known > 0 AND fingerprint IS DISTINCT FROM substr(
        CASE WHEN known = head_position THEN head_hash ELSE (SELECT events.hash FROM events WHERE events.position = known) END, 1, 8
    ) THEN
        RAISE EXCEPTION 'the log has no such event at position %', known USING ERRCODE = 'CH001';
    END IF;

    FOR found IN
        SELECT asked.append, requests.position, requests.digest, requests.answer
        FROM UNNEST(requested) AS asked
        JOIN requests ON requests.principal = asked.principal AND requests.request_id = asked.request_id
    LOOP
        refused[found.append] := TRUE;
        append := found.append;
        position := found.position;
        stream := NULL;
        digest := found.digest;
        answer := found.answer;
        RETURN NEXT;
    END LOOP;

    FOR found IN
        SELECT DISTINCT ON (moved.append) moved.append, moved.stream
        FROM (
            SELECT expected.append, expected.stream, expected.ordinal, expected.version, COALESCE((
                SELECT events.version FROM events WHERE events.stream = expected.stream ORDER BY events.version DESC LIMIT 1
            ), 0) AS current
            FROM UNNEST(expected) WITH ORDINALITY AS expected (append, stream, version, ordinal)
        ) AS moved
        WHERE moved.version <> moved.current ORDER BY moved.append, moved.ordinal
    LOOP
        IF NOT refused[found.append] THEN
            refused[found.append] := TRUE;
            append := found.append;
            position := NULL;
            stream := found.stream;
            digest := NULL;
            answer := NULL;
            RETURN NEXT;
        END IF;
    END LOOP;

    FOR found IN
        SELECT event.append, event.before_version, event.after_version, event.payload_digest, event.ordinal, COALESCE((
            SELECT events.version FROM events WHERE events.stream = event.stream ORDER BY events.version DESC LIMIT 1
        ), 0) + ROW_NUMBER() OVER (PARTITION BY event.stream ORDER BY event.ordinal) AS version
        FROM UNNEST(recorded) WITH ORDINALITY
            AS event (append, event_id, stream, type, schema_version, command_id, correlation_id, causation_id, principal,
                      traceparent, payload, payload_digest, before_version, after_version, ordinal)
        WHERE NOT refused[event.append] ORDER BY event.ordinal
    LOOP
        head_position := head_position + 1;
        head_hash := sha256(
            head_hash || field(head_position::TEXT::BYTEA) || found.before_version || field(found.version::TEXT::BYTEA)
            || found.after_version || time_field || found.payload_digest);
        positions[found.ordinal] := head_position;
        versions[found.ordinal] := found.version;
        hashes[found.ordinal] := head_hash;
        reached[found.append] := head_position;
        reached_hashes[found.append] := head_hash;
    END LOOP;

    IF head_position > first_position THEN
        INSERT INTO events
        SELECT event.position, event.event_id, event.stream, event.version, event.type, event.schema_version,
               event.command_id, event.correlation_id, event.causation_id, event.principal, event.traceparent, now,
               event.payload, event.payload_digest, event.hash
        FROM ROWS FROM (UNNEST(recorded), UNNEST(positions, versions, hashes))
            AS event (append, event_id, stream, type, schema_version, command_id, correlation_id, causation_id, principal,
                      traceparent, payload, payload_digest, before_version, after_version, position, version, hash)
        WHERE event.position IS NOT NULL;
        UPDATE head SET position = head_position, hash = head_hash, recorded_at = now WHERE id = 1;
        -- Once in a batch, since it takes a lock of the whole server at commit.
        PERFORM pg_notify('chirp_log', head_position::TEXT);
    END IF;

    -- A command without events is answered with the head as it was in its turn.
    head_position := first_position;
    head_hash := first_hash;
    FOR turn IN 1..appends LOOP
        head_position := COALESCE(reached[turn], head_position);
        head_hash := COALESCE(reached_hashes[turn], head_hash);
        reached[turn] := head_position;
        reached_hashes[turn] := head_hash;
    END LOOP;
    INSERT INTO requests
    SELECT asked.principal, asked.request_id, asked.digest, reached[asked.append], asked.answer
    FROM UNNEST(requested) AS asked WHERE NOT refused[asked.append];

    RETURN QUERY
    SELECT stored.append::INT, stored.position, stored.hash, NULL::TEXT, NULL::BYTEA, NULL::BYTEA
    FROM UNNEST(reached, reached_hashes) WITH ORDINALITY AS stored (position, hash, append)
    WHERE NOT refused[stored.append];
END
$$;
