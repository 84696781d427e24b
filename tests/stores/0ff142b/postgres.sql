--
-- PostgreSQL database dump
--

\restrict j8ws3YZ14ToFLvbThvVXaKe6dh4BJabRVsmfiShpxYPEt9FPouTFYirpOpzAvLr

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: chirp_log; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA chirp_log;


ALTER SCHEMA chirp_log OWNER TO postgres;

--
-- Name: chirp_tables; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA chirp_tables;


ALTER SCHEMA chirp_tables OWNER TO postgres;

--
-- Name: expectation; Type: TYPE; Schema: chirp_log; Owner: postgres
--

CREATE TYPE chirp_log.expectation AS (
	append integer,
	stream text,
	version bigint
);


ALTER TYPE chirp_log.expectation OWNER TO postgres;

--
-- Name: new_event; Type: TYPE; Schema: chirp_log; Owner: postgres
--

CREATE TYPE chirp_log.new_event AS (
	append integer,
	event_id uuid,
	stream text,
	type text,
	schema_version bigint,
	command_id uuid,
	correlation_id uuid,
	causation_id uuid,
	principal text,
	traceparent text,
	payload text,
	payload_digest bytea,
	before_version bytea,
	after_version bytea
);


ALTER TYPE chirp_log.new_event OWNER TO postgres;

--
-- Name: new_request; Type: TYPE; Schema: chirp_log; Owner: postgres
--

CREATE TYPE chirp_log.new_request AS (
	append integer,
	principal text,
	request_id uuid,
	digest bytea,
	answer bytea
);


ALTER TYPE chirp_log.new_request OWNER TO postgres;

--
-- Name: append_batch(integer, bigint, bigint, bytea, chirp_log.expectation[], chirp_log.new_request[], chirp_log.new_event[]); Type: FUNCTION; Schema: chirp_log; Owner: postgres
--

CREATE FUNCTION chirp_log.append_batch(appends integer, now bigint, known bigint, fingerprint bytea, expected chirp_log.expectation[], requested chirp_log.new_request[], recorded chirp_log.new_event[]) RETURNS TABLE(append integer, "position" bigint, hash bytea, stream text, digest bytea, answer bytea)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'chirp_log', 'pg_temp'
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


ALTER FUNCTION chirp_log.append_batch(appends integer, now bigint, known bigint, fingerprint bytea, expected chirp_log.expectation[], requested chirp_log.new_request[], recorded chirp_log.new_event[]) OWNER TO postgres;

--
-- Name: field(bytea); Type: FUNCTION; Schema: chirp_log; Owner: postgres
--

CREATE FUNCTION chirp_log.field(bytes bytea) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT int4send(COALESCE(octet_length(bytes), 0)) || COALESCE(bytes, ''::BYTEA) $$;


ALTER FUNCTION chirp_log.field(bytes bytea) OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: events; Type: TABLE; Schema: chirp_log; Owner: postgres
--

CREATE TABLE chirp_log.events (
    "position" bigint NOT NULL,
    event_id uuid NOT NULL,
    stream text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    type text NOT NULL,
    schema_version bigint NOT NULL,
    command_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    principal text NOT NULL,
    traceparent text,
    recorded_at bigint NOT NULL,
    payload text NOT NULL,
    payload_digest bytea NOT NULL,
    hash bytea NOT NULL
);


ALTER TABLE chirp_log.events OWNER TO postgres;

--
-- Name: head; Type: TABLE; Schema: chirp_log; Owner: postgres
--

CREATE TABLE chirp_log.head (
    id integer NOT NULL,
    "position" bigint NOT NULL,
    hash bytea NOT NULL,
    recorded_at bigint NOT NULL,
    CONSTRAINT head_id_check CHECK ((id = 1))
)
WITH (fillfactor='10');


ALTER TABLE chirp_log.head OWNER TO postgres;

--
-- Name: positions; Type: VIEW; Schema: chirp_log; Owner: postgres
--

CREATE VIEW chirp_log.positions AS
 SELECT events."position",
    events.hash
   FROM chirp_log.events;


ALTER TABLE chirp_log.positions OWNER TO postgres;

--
-- Name: requests; Type: TABLE; Schema: chirp_log; Owner: postgres
--

CREATE TABLE chirp_log.requests (
    principal text NOT NULL COLLATE pg_catalog."C",
    request_id uuid NOT NULL,
    digest bytea NOT NULL,
    "position" bigint NOT NULL,
    answer bytea NOT NULL
);


ALTER TABLE chirp_log.requests OWNER TO postgres;

--
-- Name: store; Type: TABLE; Schema: chirp_log; Owner: postgres
--

CREATE TABLE chirp_log.store (
    id integer NOT NULL,
    schema_version bigint NOT NULL,
    epoch uuid NOT NULL,
    token_key bytea NOT NULL,
    CONSTRAINT store_id_check CHECK ((id = 1))
);


ALTER TABLE chirp_log.store OWNER TO postgres;

--
-- Name: activity_1; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.activity_1 (
    actor bigint NOT NULL,
    place bigint NOT NULL,
    kind bigint NOT NULL,
    target bigint NOT NULL,
    happened_at bigint NOT NULL
);


ALTER TABLE chirp_tables.activity_1 OWNER TO chirp_projector;

--
-- Name: bookmarks_1; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.bookmarks_1 (
    account bigint NOT NULL,
    post bigint NOT NULL,
    place bigint NOT NULL
);


ALTER TABLE chirp_tables.bookmarks_1 OWNER TO chirp_projector;

--
-- Name: changes_1; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.changes_1 (
    place bigint NOT NULL,
    change bigint NOT NULL,
    actor bigint NOT NULL,
    target bigint NOT NULL
);


ALTER TABLE chirp_tables.changes_1 OWNER TO chirp_projector;

--
-- Name: changes_1_kept; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.changes_1_kept (
    id bigint NOT NULL,
    kept_after bigint NOT NULL,
    CONSTRAINT changes_1_kept_id_check CHECK ((id = 1))
);


ALTER TABLE chirp_tables.changes_1_kept OWNER TO chirp_projector;

--
-- Name: counts_1_accounts; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.counts_1_accounts (
    account bigint NOT NULL,
    followers bigint NOT NULL,
    following bigint NOT NULL,
    posts bigint NOT NULL
);


ALTER TABLE chirp_tables.counts_1_accounts OWNER TO chirp_projector;

--
-- Name: counts_1_posts; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.counts_1_posts (
    post bigint NOT NULL,
    likes bigint NOT NULL,
    reposts bigint NOT NULL,
    replies bigint NOT NULL
);


ALTER TABLE chirp_tables.counts_1_posts OWNER TO chirp_projector;

--
-- Name: graph_1_blocks; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.graph_1_blocks (
    account bigint NOT NULL,
    target bigint NOT NULL,
    place bigint NOT NULL
);


ALTER TABLE chirp_tables.graph_1_blocks OWNER TO chirp_projector;

--
-- Name: graph_1_follows; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.graph_1_follows (
    follower bigint NOT NULL,
    followee bigint NOT NULL,
    place bigint NOT NULL
);


ALTER TABLE chirp_tables.graph_1_follows OWNER TO chirp_projector;

--
-- Name: graph_1_mutes; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.graph_1_mutes (
    account bigint NOT NULL,
    target bigint NOT NULL,
    place bigint NOT NULL
);


ALTER TABLE chirp_tables.graph_1_mutes OWNER TO chirp_projector;

--
-- Name: graph_1_requests; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.graph_1_requests (
    follower bigint NOT NULL,
    followee bigint NOT NULL,
    place bigint NOT NULL
);


ALTER TABLE chirp_tables.graph_1_requests OWNER TO chirp_projector;

--
-- Name: hashtags_1; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.hashtags_1 (
    tag text NOT NULL,
    post bigint NOT NULL
);


ALTER TABLE chirp_tables.hashtags_1 OWNER TO chirp_projector;

--
-- Name: notifications_1; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.notifications_1 (
    recipient bigint NOT NULL,
    reason bigint NOT NULL,
    post bigint NOT NULL,
    actor bigint NOT NULL,
    place bigint NOT NULL,
    happened_at bigint NOT NULL
);


ALTER TABLE chirp_tables.notifications_1 OWNER TO chirp_projector;

--
-- Name: notifications_1_changes; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.notifications_1_changes (
    place bigint NOT NULL,
    recipient bigint NOT NULL,
    reason bigint NOT NULL,
    post bigint NOT NULL
);


ALTER TABLE chirp_tables.notifications_1_changes OWNER TO chirp_projector;

--
-- Name: notifications_1_groups; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.notifications_1_groups (
    recipient bigint NOT NULL,
    reason bigint NOT NULL,
    post bigint NOT NULL,
    newest bigint NOT NULL
);


ALTER TABLE chirp_tables.notifications_1_groups OWNER TO chirp_projector;

--
-- Name: notifications_1_kept; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.notifications_1_kept (
    id bigint NOT NULL,
    kept_after bigint NOT NULL,
    CONSTRAINT notifications_1_kept_id_check CHECK ((id = 1))
);


ALTER TABLE chirp_tables.notifications_1_kept OWNER TO chirp_projector;

--
-- Name: notifications_1_seen; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.notifications_1_seen (
    recipient bigint NOT NULL,
    up_to bigint NOT NULL
);


ALTER TABLE chirp_tables.notifications_1_seen OWNER TO chirp_projector;

--
-- Name: own_changes_1; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.own_changes_1 (
    place bigint NOT NULL,
    account bigint NOT NULL,
    what bigint NOT NULL,
    target bigint NOT NULL
);


ALTER TABLE chirp_tables.own_changes_1 OWNER TO chirp_projector;

--
-- Name: own_changes_1_kept; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.own_changes_1_kept (
    id bigint NOT NULL,
    kept_after bigint NOT NULL,
    CONSTRAINT own_changes_1_kept_id_check CHECK ((id = 1))
);


ALTER TABLE chirp_tables.own_changes_1_kept OWNER TO chirp_projector;

--
-- Name: parked_events; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.parked_events (
    projection text NOT NULL,
    "position" bigint NOT NULL,
    stream text NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    behind bigint,
    cause text NOT NULL,
    attempts bigint NOT NULL,
    parked_at bigint NOT NULL,
    discarded_at bigint,
    discard_reason text
);


ALTER TABLE chirp_tables.parked_events OWNER TO chirp_projector;

--
-- Name: posts_1; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.posts_1 (
    post bigint NOT NULL,
    post_id uuid NOT NULL,
    author bigint NOT NULL,
    text text NOT NULL,
    reply_to bigint,
    reply_to_author bigint,
    quoted bigint,
    created_at bigint NOT NULL,
    edited_at bigint,
    deleted boolean NOT NULL,
    version bigint,
    extras text
);


ALTER TABLE chirp_tables.posts_1 OWNER TO chirp_projector;

--
-- Name: posts_1_changes; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.posts_1_changes (
    place bigint NOT NULL,
    post bigint NOT NULL
);


ALTER TABLE chirp_tables.posts_1_changes OWNER TO chirp_projector;

--
-- Name: posts_1_kept; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.posts_1_kept (
    id bigint NOT NULL,
    kept_after bigint NOT NULL,
    CONSTRAINT posts_1_kept_id_check CHECK ((id = 1))
);


ALTER TABLE chirp_tables.posts_1_kept OWNER TO chirp_projector;

--
-- Name: posts_1_likes; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.posts_1_likes (
    account bigint NOT NULL,
    post bigint NOT NULL,
    place bigint NOT NULL
);


ALTER TABLE chirp_tables.posts_1_likes OWNER TO chirp_projector;

--
-- Name: posts_1_reposts; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.posts_1_reposts (
    account bigint NOT NULL,
    post bigint NOT NULL,
    place bigint NOT NULL
);


ALTER TABLE chirp_tables.posts_1_reposts OWNER TO chirp_projector;

--
-- Name: profiles_1; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.profiles_1 (
    account bigint NOT NULL,
    account_id uuid NOT NULL,
    handle text NOT NULL,
    display_name text NOT NULL,
    bio text NOT NULL,
    organization boolean NOT NULL,
    protected boolean NOT NULL,
    active boolean NOT NULL,
    created_at bigint NOT NULL,
    version bigint,
    extras text
);


ALTER TABLE chirp_tables.profiles_1 OWNER TO chirp_projector;

--
-- Name: projections; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.projections (
    name text NOT NULL,
    checkpoint bigint NOT NULL,
    term bigint NOT NULL,
    heartbeat_at bigint NOT NULL,
    failure text,
    hash bytea,
    served_from bigint DEFAULT 0 NOT NULL,
    owner_address text
);


ALTER TABLE chirp_tables.projections OWNER TO chirp_projector;

--
-- Name: set_aside; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.set_aside (
    projection text NOT NULL,
    number bigint NOT NULL,
    checkpoint bigint NOT NULL,
    hash bytea,
    log_head bigint NOT NULL,
    set_aside_at bigint NOT NULL
);


ALTER TABLE chirp_tables.set_aside OWNER TO chirp_projector;

--
-- Name: store; Type: TABLE; Schema: chirp_tables; Owner: postgres
--

CREATE TABLE chirp_tables.store (
    id bigint NOT NULL,
    epoch uuid NOT NULL,
    schema_version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT store_id_check CHECK ((id = 1))
);


ALTER TABLE chirp_tables.store OWNER TO postgres;

--
-- Name: timelines_1; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.timelines_1 (
    owner bigint NOT NULL,
    place bigint NOT NULL,
    actor bigint NOT NULL,
    post bigint NOT NULL
);


ALTER TABLE chirp_tables.timelines_1 OWNER TO chirp_projector;

--
-- Name: timelines_1_accounts; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.timelines_1_accounts (
    account bigint NOT NULL,
    followers bigint NOT NULL,
    following bigint NOT NULL,
    pulled_until bigint NOT NULL,
    mark bigint NOT NULL
);


ALTER TABLE chirp_tables.timelines_1_accounts OWNER TO chirp_projector;

--
-- Name: timelines_1_edges; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.timelines_1_edges (
    followee bigint NOT NULL,
    follower bigint NOT NULL
);


ALTER TABLE chirp_tables.timelines_1_edges OWNER TO chirp_projector;

--
-- Name: timelines_1_reasons; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.timelines_1_reasons (
    actor bigint NOT NULL,
    place bigint NOT NULL,
    post bigint NOT NULL
);


ALTER TABLE chirp_tables.timelines_1_reasons OWNER TO chirp_projector;

--
-- Name: timelines_1_sweep; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.timelines_1_sweep (
    id bigint NOT NULL,
    account bigint NOT NULL,
    CONSTRAINT timelines_1_sweep_id_check CHECK ((id = 1))
);


ALTER TABLE chirp_tables.timelines_1_sweep OWNER TO chirp_projector;

--
-- Data for Name: events; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.events VALUES (1, '01a232b3-ea06-7703-995e-21576e7588ee', 'account-01a232b3-ea05-728a-80bd-68fdf81e5afe', 1, 'account.registered', 1, '01a232b3-ea06-7703-995e-215669601491', '01a232b3-ea04-74fc-ac9d-1066b6730d6a', NULL, 'anonymous', NULL, 1796146981382630, '{"account_id":"01a232b3-ea05-728a-80bd-68fdf81e5afe","handle":"ada","kind":"user","personal":{"alg":"none","display_name":"Ada Lovelace","bio":"Notes on the Analytical Engine"}}', '\x79aafb1a6b0238e9e88f1fe5aaed5f9f9f3d1f4c1562984ebc2e9ca655bab38d', '\x2c4d1bdb01ebad4e29ea7bf5ab2c82c9886812b87ce0a0dba0b738e58802dfe6');
INSERT INTO chirp_log.events VALUES (2, '01a232b3-ea06-7703-995e-2158ca4007d8', 'handle-ada', 1, 'handle.claimed', 1, '01a232b3-ea06-7703-995e-215669601491', '01a232b3-ea04-74fc-ac9d-1066b6730d6a', NULL, 'anonymous', NULL, 1796146981382630, '{"handle":"ada","account_id":"01a232b3-ea05-728a-80bd-68fdf81e5afe"}', '\x966712ff0fd8e5b0aee7fe0271788cb58894f3e5bc658ec405abc0aaf7f21e90', '\x0093599f0acd45416bc9f19c2b1da59071e802963e7c1446f32ab453c7d20b23');
INSERT INTO chirp_log.events VALUES (3, '01a232b3-ea19-755b-89f5-8c5c04314c1b', 'account-01a232b3-ea18-77e6-b883-446b2f0018de', 1, 'account.registered', 1, '01a232b3-ea19-755b-89f5-8c5b1221563d', '01a232b3-ea18-77e6-b883-446a659e4a60', NULL, 'anonymous', NULL, 1796146981401711, '{"account_id":"01a232b3-ea18-77e6-b883-446b2f0018de","handle":"grace","kind":"user","personal":{"alg":"none","display_name":"Grace Hopper","bio":"Nanoseconds on request"}}', '\xc27162a13e41d51481bb482d5ffec55c4f452901a6bfa7dd124df367b795e196', '\xb333c5223f0906ce62740550c3599e8413f2a9da6dbdeeb925af8890aec312f5');
INSERT INTO chirp_log.events VALUES (4, '01a232b3-ea19-755b-89f5-8c5d23744a1a', 'handle-grace', 1, 'handle.claimed', 1, '01a232b3-ea19-755b-89f5-8c5b1221563d', '01a232b3-ea18-77e6-b883-446a659e4a60', NULL, 'anonymous', NULL, 1796146981401711, '{"handle":"grace","account_id":"01a232b3-ea18-77e6-b883-446b2f0018de"}', '\x0f9e8a3dbb23ccda18d4d78b3e66b0013c68b7ef80d89740360613793d7af532', '\xeafcf5f77e556b6e532f8991df4f62030aafe43b086cdc4da7f0f0c7df547675');
INSERT INTO chirp_log.events VALUES (5, '01a232b3-ea20-7430-9e05-6f04e89f7a0c', 'account-01a232b3-ea1f-727b-b7e6-16a0db9b4db1', 1, 'account.registered', 1, '01a232b3-ea20-7430-9e05-6f03a40cb668', '01a232b3-ea1f-727b-b7e6-169ff9fb4c33', NULL, 'anonymous', NULL, 1796146981408275, '{"account_id":"01a232b3-ea1f-727b-b7e6-16a0db9b4db1","handle":"linus","kind":"user","personal":{"alg":"none","display_name":"Linus","bio":"Just for fun"}}', '\x925f3936572783263465dfdf624804daa55610533e4cd304b2d9f9e95db098f4', '\x0c0e5d00b8717d5b03fe146cb31847dd5091e78e5575c275d263932d7a6dbbd1');
INSERT INTO chirp_log.events VALUES (6, '01a232b3-ea20-7430-9e05-6f05d0176c62', 'handle-linus', 1, 'handle.claimed', 1, '01a232b3-ea20-7430-9e05-6f03a40cb668', '01a232b3-ea1f-727b-b7e6-169ff9fb4c33', NULL, 'anonymous', NULL, 1796146981408275, '{"handle":"linus","account_id":"01a232b3-ea1f-727b-b7e6-16a0db9b4db1"}', '\x9fe595fae9e57f1fb21d13f9dda1a6d4cb061838d6b934a5c8329136870cd78d', '\x97362345d6bc5959ce5c5fa2a03454f5b4299389f327b1c023cc3e943c0ebed1');
INSERT INTO chirp_log.events VALUES (7, '01a232b3-ea23-76b0-9053-95e392965be5', 'account-01a232b3-ea22-72a3-824b-7bcabfd9a804', 1, 'account.registered', 1, '01a232b3-ea23-76b0-9053-95e2a710112f', '01a232b3-ea22-72a3-824b-7bc9a93ad4e6', NULL, 'anonymous', NULL, 1796146981411254, '{"account_id":"01a232b3-ea22-72a3-824b-7bcabfd9a804","handle":"compilers","kind":"organization","personal":{"alg":"none","display_name":"The Compiler Society","bio":"We read your code"}}', '\x8d47029c0d4aa67a4a52506d72435145578d9f9cf233687465434108b4b85ce7', '\x241f7c65269c3390e689e6f4b284224c5c69b70bb801e528406be1f357b84ec0');
INSERT INTO chirp_log.events VALUES (8, '01a232b3-ea23-76b0-9053-95e4251c5a9b', 'handle-compilers', 1, 'handle.claimed', 1, '01a232b3-ea23-76b0-9053-95e2a710112f', '01a232b3-ea22-72a3-824b-7bc9a93ad4e6', NULL, 'anonymous', NULL, 1796146981411254, '{"handle":"compilers","account_id":"01a232b3-ea22-72a3-824b-7bcabfd9a804"}', '\x1d67871ed891e89e610879cad502e5187a3d3ccee7cdb5f6e83f578126f82a1c', '\x03ddfd0fc544f33158884927b72fa16b48d634346ec59c58ef55651f2c1d242f');
INSERT INTO chirp_log.events VALUES (9, '01a232b3-ea25-7076-901d-3798ece07d88', 'follow-01a232b3-ea18-77e6-b883-446b2f0018de-01a232b3-ea05-728a-80bd-68fdf81e5afe', 1, 'follow.followed', 1, '01a232b3-ea24-7202-9bd2-9988ec0b4304', '01a232b3-ea24-7202-9bd2-9987294ceb12', NULL, 'anonymous', NULL, 1796146981413287, '{"follower":{"id":"01a232b3-ea18-77e6-b883-446b2f0018de","key":3},"followee":{"id":"01a232b3-ea05-728a-80bd-68fdf81e5afe","key":1},"followee_kind":"user"}', '\x8d3059378f99ef772708b8c88602621b5ee3b22a7ec8ff25009e6e6bdbbeb549', '\x85317ab55d3fcf5b1f5c25fbff53f6ed3c87eb74e95843d4c8cd2873b633f3d4');
INSERT INTO chirp_log.events VALUES (10, '01a232b3-ea27-70e6-9158-546990bd3d68', 'follow-01a232b3-ea1f-727b-b7e6-16a0db9b4db1-01a232b3-ea05-728a-80bd-68fdf81e5afe', 1, 'follow.followed', 1, '01a232b3-ea27-70e6-9158-546807a6e549', '01a232b3-ea27-70e6-9158-54673ea29234', NULL, 'anonymous', NULL, 1796146981415532, '{"follower":{"id":"01a232b3-ea1f-727b-b7e6-16a0db9b4db1","key":5},"followee":{"id":"01a232b3-ea05-728a-80bd-68fdf81e5afe","key":1},"followee_kind":"user"}', '\x3b85479abc21d265462c949593480bd4e88da62883e50321dfdd448b62cd5d56', '\xab50f5a7f7c2da0f265a5f6e4041d46fabffc7d1b062b399e1ec8c7f51390643');
INSERT INTO chirp_log.events VALUES (11, '01a232b3-ea29-77cd-a988-0dc6575d7894', 'follow-01a232b3-ea05-728a-80bd-68fdf81e5afe-01a232b3-ea18-77e6-b883-446b2f0018de', 1, 'follow.followed', 1, '01a232b3-ea29-77cd-a988-0dc5663ed739', '01a232b3-ea29-77cd-a988-0dc4e3643b74', NULL, 'anonymous', NULL, 1796146981417384, '{"follower":{"id":"01a232b3-ea05-728a-80bd-68fdf81e5afe","key":1},"followee":{"id":"01a232b3-ea18-77e6-b883-446b2f0018de","key":3},"followee_kind":"user"}', '\x2f2d970d9da565898648fc54f47fb978ae03ea94716fc1037d0307a9b1ffa4de', '\x45004df2f29f07b93cf061d88e446a85842dc8026f207a30264f879a5973fd84');
INSERT INTO chirp_log.events VALUES (12, '01a232b3-ea2a-76c8-9b72-b8a86acb1db5', 'follow-01a232b3-ea1f-727b-b7e6-16a0db9b4db1-01a232b3-ea18-77e6-b883-446b2f0018de', 1, 'follow.followed', 1, '01a232b3-ea2a-76c8-9b72-b8a7371704e1', '01a232b3-ea2a-76c8-9b72-b8a6126c0fb5', NULL, 'anonymous', NULL, 1796146981418500, '{"follower":{"id":"01a232b3-ea1f-727b-b7e6-16a0db9b4db1","key":5},"followee":{"id":"01a232b3-ea18-77e6-b883-446b2f0018de","key":3},"followee_kind":"user"}', '\x3222fa8ec465fe32f1a29ba425d8606c7b73181de3d6ada3ac54bdf254ec7de2', '\x40b2734dafa208325f918a5e6614d98d5c9a50eebe56425aa19c8c4c8f7cfe13');
INSERT INTO chirp_log.events VALUES (13, '01a232b3-ea2c-76b7-953f-656405520710', 'follow-01a232b3-ea05-728a-80bd-68fdf81e5afe-01a232b3-ea22-72a3-824b-7bcabfd9a804', 1, 'follow.followed', 1, '01a232b3-ea2c-76b7-953f-6563535b68fd', '01a232b3-ea2b-70dd-9c04-08162655a04a', NULL, 'anonymous', NULL, 1796146981420039, '{"follower":{"id":"01a232b3-ea05-728a-80bd-68fdf81e5afe","key":1},"followee":{"id":"01a232b3-ea22-72a3-824b-7bcabfd9a804","key":7},"followee_kind":"organization"}', '\xd8876d88eb70bd8b2afc0010af2a70fcafc4e9210f7a65714585fb3304f6bc70', '\x0174d3ee353a9d8fcf00f94cab3f9440317ea4e28879cb665c54ff26be6086ba');
INSERT INTO chirp_log.events VALUES (14, '01a232b3-ea2d-7177-993a-18e154eb7272', 'follow-01a232b3-ea18-77e6-b883-446b2f0018de-01a232b3-ea22-72a3-824b-7bcabfd9a804', 1, 'follow.followed', 1, '01a232b3-ea2d-7177-993a-18e05397c589', '01a232b3-ea2c-76b7-953f-6565448acd9e', NULL, 'anonymous', NULL, 1796146981421223, '{"follower":{"id":"01a232b3-ea18-77e6-b883-446b2f0018de","key":3},"followee":{"id":"01a232b3-ea22-72a3-824b-7bcabfd9a804","key":7},"followee_kind":"organization"}', '\x53dc6da6b51f816cf7a799209e67213ed3d7bef08e560a88d65e102af5b06820', '\x05b41a5953250ae01feff87635b552f4625d3839231b1ba1742aa1778c48aa22');
INSERT INTO chirp_log.events VALUES (15, '01a232b3-ea2e-739b-862c-77da5c77edc1', 'post-01a232b3-ea2e-739b-862c-77d82f9f3565', 1, 'post.created', 1, '01a232b3-ea2e-739b-862c-77d9287a4da8', '01a232b3-ea2e-739b-862c-77d7c49e130d', NULL, 'anonymous', NULL, 1796146981422598, '{"post_id":"01a232b3-ea2e-739b-862c-77d82f9f3565","author":{"id":"01a232b3-ea05-728a-80bd-68fdf81e5afe","key":1},"mentions":[],"hashtags":["engines"],"personal":{"alg":"none","text":"The engine can weave algebra as the loom weaves flowers. #engines"}}', '\x737fd25e8bdbd81bc40cb8647b41f900cd6374f668da96fae4e265434ec11d0f', '\x58edeef5987713af49e329275c14efad33a1009dca2b710209a9d0af064737c7');
INSERT INTO chirp_log.events VALUES (16, '01a232b3-ea30-750e-bf92-70feb5989047', 'post-01a232b3-ea2f-72fe-bf25-8738fa7b40e4', 1, 'post.created', 1, '01a232b3-ea30-750e-bf92-70fd1a8eed43', '01a232b3-ea2f-72fe-bf25-873776e25c9e', NULL, 'anonymous', NULL, 1796146981424196, '{"post_id":"01a232b3-ea2f-72fe-bf25-8738fa7b40e4","author":{"id":"01a232b3-ea18-77e6-b883-446b2f0018de","key":3},"reply_to":{"post":{"id":"01a232b3-ea2e-739b-862c-77d82f9f3565","key":15},"author":{"id":"01a232b3-ea05-728a-80bd-68fdf81e5afe","key":1}},"mentions":[{"id":"01a232b3-ea05-728a-80bd-68fdf81e5afe","key":1}],"hashtags":[],"personal":{"alg":"none","text":"And who writes it down for the loom, @ada?"}}', '\xd62a553468497403c2a16961d78e33e45240415dabe8566115c78d93ebe04d1a', '\x1251b13aa3dd365bddad73cb4eb7c97ef721e5ec66ce9506b542dd2a834003ad');
INSERT INTO chirp_log.events VALUES (17, '01a232b3-ea31-75df-b55a-f969ba0f285e', 'post-01a232b3-ea31-75df-b55a-f9670bed7cdd', 1, 'post.created', 1, '01a232b3-ea31-75df-b55a-f9688f2148d3', '01a232b3-ea31-75df-b55a-f966a51ba81d', NULL, 'anonymous', NULL, 1796146981425500, '{"post_id":"01a232b3-ea31-75df-b55a-f9670bed7cdd","author":{"id":"01a232b3-ea18-77e6-b883-446b2f0018de","key":3},"mentions":[],"hashtags":["compilers"],"personal":{"alg":"none","text":"A compiler is a librarian who reads for you. #compilers"}}', '\xe323c9d0514c536d1a10f86c52e548694f41cc451d9d69b54128276ad818d0c3', '\xed77a42895f48edb44a2976b4cb7828519ec63237847d6af2e4ac55182333d4f');
INSERT INTO chirp_log.events VALUES (18, '01a232b3-ea32-770d-850b-e50409ec57b9', 'post-01a232b3-ea32-770d-850b-e502ce0aff65', 1, 'post.created', 1, '01a232b3-ea32-770d-850b-e50330889eed', '01a232b3-ea32-770d-850b-e50158ba0b18', NULL, 'anonymous', NULL, 1796146981426782, '{"post_id":"01a232b3-ea32-770d-850b-e502ce0aff65","author":{"id":"01a232b3-ea22-72a3-824b-7bcabfd9a804","key":7},"quoted":{"post":{"id":"01a232b3-ea31-75df-b55a-f9670bed7cdd","key":17},"author":{"id":"01a232b3-ea18-77e6-b883-446b2f0018de","key":3}},"mentions":[{"id":"01a232b3-ea18-77e6-b883-446b2f0018de","key":3}],"hashtags":[],"personal":{"alg":"none","text":"Our motto for this year, thanks to @grace"}}', '\xfa7a2bde07f6b499fa2374b02a40495f9068ca99a09107f74423f0a83828934a', '\xb9d378b5afd2bd63bd059ade854ac2731bb23db08179bf0ca39c960483870a5b');
INSERT INTO chirp_log.events VALUES (19, '01a232b3-ea34-75e8-9792-e4b01f034fd5', 'post-01a232b3-ea34-75e8-9792-e4ae8fce0c66', 1, 'post.created', 1, '01a232b3-ea34-75e8-9792-e4afcd64f222', '01a232b3-ea34-75e8-9792-e4ad12e82386', NULL, 'anonymous', NULL, 1796146981428750, '{"post_id":"01a232b3-ea34-75e8-9792-e4ae8fce0c66","author":{"id":"01a232b3-ea1f-727b-b7e6-16a0db9b4db1","key":5},"mentions":[],"hashtags":[],"personal":{"alg":"none","text":"It compiles, so it must be right"}}', '\x3dc5267162ff4d860eff0f2f4d2890d427191dd485c7681b91bc39d1c6ee8334', '\x088a49b6cdc825a07a73607dec98a70702bc47c8c7648c07c4d6d6105935ef6f');
INSERT INTO chirp_log.events VALUES (20, '01a232b3-ea35-74ae-acbd-060963f313d4', 'repost-01a232b3-ea1f-727b-b7e6-16a0db9b4db1-01a232b3-ea2e-739b-862c-77d82f9f3565', 1, 'repost.added', 1, '01a232b3-ea35-74ae-acbd-060839b7c03c', '01a232b3-ea35-74ae-acbd-0607672469fc', NULL, 'anonymous', NULL, 1796146981429825, '{"account":{"id":"01a232b3-ea1f-727b-b7e6-16a0db9b4db1","key":5},"post":{"id":"01a232b3-ea2e-739b-862c-77d82f9f3565","key":15},"post_author":{"id":"01a232b3-ea05-728a-80bd-68fdf81e5afe","key":1}}', '\xcda40c4aec76d2914ab13913772547efee99687e57ef8d1c5bf2f6ca19698d79', '\x2aee17ce93c9e9d6604f0773c0cd6ae728d84dd4e53a31927ba7d33f6703d0e1');
INSERT INTO chirp_log.events VALUES (21, '01a232b3-ea37-75af-a3f1-a08b2e62ce74', 'like-01a232b3-ea18-77e6-b883-446b2f0018de-01a232b3-ea2e-739b-862c-77d82f9f3565', 1, 'like.added', 1, '01a232b3-ea37-75af-a3f1-a08a08b88ae1', '01a232b3-ea37-75af-a3f1-a089fbfc6a33', NULL, 'anonymous', NULL, 1796146981431288, '{"account":{"id":"01a232b3-ea18-77e6-b883-446b2f0018de","key":3},"post":{"id":"01a232b3-ea2e-739b-862c-77d82f9f3565","key":15},"post_author":{"id":"01a232b3-ea05-728a-80bd-68fdf81e5afe","key":1}}', '\x163532c52d20e2cc5705bd9dc2d4700a003143ac40999180658342e6e2c5515b', '\x8ddd140b1281b20fa1fb2a8df294a29b6f7392cc15a487f055ee7b9f9df797d4');
INSERT INTO chirp_log.events VALUES (22, '01a232b3-ea39-74db-a073-9c44b6cf1f3d', 'like-01a232b3-ea1f-727b-b7e6-16a0db9b4db1-01a232b3-ea2e-739b-862c-77d82f9f3565', 1, 'like.added', 1, '01a232b3-ea39-74db-a073-9c43b35bc824', '01a232b3-ea38-74d2-afd3-4710a56e8609', NULL, 'anonymous', NULL, 1796146981433228, '{"account":{"id":"01a232b3-ea1f-727b-b7e6-16a0db9b4db1","key":5},"post":{"id":"01a232b3-ea2e-739b-862c-77d82f9f3565","key":15},"post_author":{"id":"01a232b3-ea05-728a-80bd-68fdf81e5afe","key":1}}', '\xcda40c4aec76d2914ab13913772547efee99687e57ef8d1c5bf2f6ca19698d79', '\x04582c74bd38163ad8ee5645a02ecd53b7ea075ea254a974f94b76dfd5dda290');
INSERT INTO chirp_log.events VALUES (23, '01a232b3-ea3a-73d4-b495-8ce38beb9ccd', 'like-01a232b3-ea05-728a-80bd-68fdf81e5afe-01a232b3-ea2f-72fe-bf25-8738fa7b40e4', 1, 'like.added', 1, '01a232b3-ea3a-73d4-b495-8ce2a5b64c3e', '01a232b3-ea39-74db-a073-9c45ca7bac63', NULL, 'anonymous', NULL, 1796146981434184, '{"account":{"id":"01a232b3-ea05-728a-80bd-68fdf81e5afe","key":1},"post":{"id":"01a232b3-ea2f-72fe-bf25-8738fa7b40e4","key":16},"post_author":{"id":"01a232b3-ea18-77e6-b883-446b2f0018de","key":3}}', '\x231ce2249d57c7d93cf141c7dd7a4782c9b8306b7864d3e26652d11af2026c4f', '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79');


--
-- Data for Name: head; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.head VALUES (1, 23, '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79', 1796146981434184);


--
-- Data for Name: requests; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.requests VALUES ('anonymous', '93dd0505-4ba5-57b8-a6dd-59024c6483f7', '\x53723b7e55ec521135b858af844606c59537b902c530b6cc8af2fab8197f88e5', 2, '\x7b226163636f756e74223a2230316132333262332d656130352d373238612d383062642d363866646638316535616665227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'ae3987de-92ad-5c3a-972f-07df5abcf5dc', '\x66726cb17abf18444ca7bb8dedddc92c6bb7171ccf4c8869498999c1dafef0b7', 4, '\x7b226163636f756e74223a2230316132333262332d656131382d373765362d623838332d343436623266303031386465227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '9cb37472-98d8-519e-b243-7aec55bab14e', '\xd39ff74d498d84f98b072aadc530240eb202c20a39e0cad3f1aaef7e7e41e8f3', 6, '\x7b226163636f756e74223a2230316132333262332d656131662d373237622d623765362d313661306462396234646231227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '455c530d-8932-533b-bd1f-c6e0a3e35fc4', '\x50a1f41f6771ccc9ce2995898993ab52fcbe44d6632e4b69b2c1644c63055245', 8, '\x7b226163636f756e74223a2230316132333262332d656132322d373261332d383234622d376263616266643961383034227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'c00530ac-45ed-5b82-8e69-ca24c7be7bb8', '\x8d892040b945f776c473bb9dece49ecbbf2cbb5f847ccee1fb401b9323084fef', 9, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'b1ad84ac-e24e-5876-b37e-6d648b3b4777', '\xaae3784fa471f5b7140b471dda6a1b0ca13fdccf86f18de948cd0092bfe0440c', 10, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '4913253c-92e2-558e-bf03-fd42fc79a319', '\xbe2a6585848518dbbe4716bac403a3359bfdf7d3d69cfbdb2364ebd75855391f', 11, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'c837b49f-02fa-5103-8488-1a0456abf9ec', '\x0fad51e6e9f2a7207b4b46f9592e006c9a7d85f7d6bc3b467931b3f2d14496ee', 12, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '830a2129-d68b-5d80-b7fe-246db03413e3', '\xbe99544881be15bb37af3dcdc997b0128d74f4d0ca63d8492ee3b6e72c0a2c8c', 13, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'bdc0aca9-b023-590f-886b-585e9c887c8f', '\x2f1a17f8b562c1ee41a98bf7d612c50e33944fbfc4266ebb465d0d2fbb97eb2f', 14, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '1b716997-1e3e-511e-b6aa-1cf1bce8043c', '\x4b040da3a5fe0f3ef18593472b10ba9b111aff703db200103ce21e9ccf492e92', 15, '\x7b22706f7374223a2230316132333262332d656132652d373339622d383632632d373764383266396633353635227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '1c78fd1e-84d7-5c36-9b52-c2c3b8bfc38f', '\x04e636a8c3f96b794c995cb29df3538c8fec76bbd2076e6392d3934aa46ac1ea', 16, '\x7b22706f7374223a2230316132333262332d656132662d373266652d626632352d383733386661376234306534227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'ad0d5ab0-043b-58c4-8cee-433201a4d305', '\x3f5366a48e1b400cdf8b6f41cea3b84bd6777f8044c69521b7d2604073ca2e2b', 17, '\x7b22706f7374223a2230316132333262332d656133312d373564662d623535612d663936373062656437636464227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'f77af79c-9e70-5a14-8891-4f5e9f668710', '\xd787b369aae2970543672e1f43708f471492362ac6f28926dd876cb90cde6e8e', 18, '\x7b22706f7374223a2230316132333262332d656133322d373730642d383530622d653530326365306166663635227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'defe55c2-35d9-536d-aee6-4b0dc708e949', '\x8fe261fd1a143d15d32044d60c0ebecda9fb2eb55e0f71d53cea6d1e1b4a2fd1', 19, '\x7b22706f7374223a2230316132333262332d656133342d373565382d393739322d653461653866636530633636227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'f11917e8-66d1-5ad6-88a2-de2859fdd4ee', '\x05e4cc5a0ac7552eef78af59afb7a11447bd6225582894e6c784e072773ac85a', 20, '\x22646f6e6522');
INSERT INTO chirp_log.requests VALUES ('anonymous', '380d6011-5a66-59b0-ab9d-92808e3ea483', '\xbc6feeb79579c187faf948a08b87f29618399ddc402ee6599c211a775d643ca0', 21, '\x22646f6e6522');
INSERT INTO chirp_log.requests VALUES ('anonymous', '11f60af1-9b70-5c23-acfc-36da263d0f8a', '\x98602dc9b12a386b6ef79ecbc0bde6e8c0e91a965de15971dbe994be9606082a', 22, '\x22646f6e6522');
INSERT INTO chirp_log.requests VALUES ('anonymous', '990cd17a-1095-5efd-9058-01f9b2d4c606', '\xbfb026f61f178541f7fadee93e9785735e6b47ca4fc8148aabe2f09dc456040b', 23, '\x22646f6e6522');


--
-- Data for Name: store; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.store VALUES (1, 3, '6107d50b-4043-4eb2-8e73-0f87b9b7078f', '\x91dd51ee2c80d46257bcd468b5355fa94f7c13e6e905f1057f2d01a5a54bda70');


--
-- Data for Name: activity_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.activity_1 VALUES (3, 9, 1, 1, 1796146981413287);
INSERT INTO chirp_tables.activity_1 VALUES (1, 11, 1, 3, 1796146981417384);
INSERT INTO chirp_tables.activity_1 VALUES (1, 13, 1, 7, 1796146981420039);
INSERT INTO chirp_tables.activity_1 VALUES (1, 15, 4, 15, 1796146981422598);
INSERT INTO chirp_tables.activity_1 VALUES (1, 23, 2, 16, 1796146981434184);
INSERT INTO chirp_tables.activity_1 VALUES (3, 14, 1, 7, 1796146981421223);
INSERT INTO chirp_tables.activity_1 VALUES (3, 16, 4, 16, 1796146981424196);
INSERT INTO chirp_tables.activity_1 VALUES (3, 17, 4, 17, 1796146981425500);
INSERT INTO chirp_tables.activity_1 VALUES (3, 21, 2, 15, 1796146981431288);
INSERT INTO chirp_tables.activity_1 VALUES (5, 10, 1, 1, 1796146981415532);
INSERT INTO chirp_tables.activity_1 VALUES (5, 12, 1, 3, 1796146981418500);
INSERT INTO chirp_tables.activity_1 VALUES (5, 19, 4, 19, 1796146981428750);
INSERT INTO chirp_tables.activity_1 VALUES (5, 20, 3, 15, 1796146981429825);
INSERT INTO chirp_tables.activity_1 VALUES (5, 22, 2, 15, 1796146981433228);
INSERT INTO chirp_tables.activity_1 VALUES (7, 18, 4, 18, 1796146981426782);


--
-- Data for Name: bookmarks_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



--
-- Data for Name: changes_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.changes_1 VALUES (9, 6, 3, 1);
INSERT INTO chirp_tables.changes_1 VALUES (10, 6, 5, 1);
INSERT INTO chirp_tables.changes_1 VALUES (11, 6, 1, 3);
INSERT INTO chirp_tables.changes_1 VALUES (12, 6, 5, 3);
INSERT INTO chirp_tables.changes_1 VALUES (13, 6, 1, 7);
INSERT INTO chirp_tables.changes_1 VALUES (14, 6, 3, 7);
INSERT INTO chirp_tables.changes_1 VALUES (15, 1, 1, 15);
INSERT INTO chirp_tables.changes_1 VALUES (16, 1, 3, 16);
INSERT INTO chirp_tables.changes_1 VALUES (17, 1, 3, 17);
INSERT INTO chirp_tables.changes_1 VALUES (18, 1, 7, 18);
INSERT INTO chirp_tables.changes_1 VALUES (19, 1, 5, 19);
INSERT INTO chirp_tables.changes_1 VALUES (20, 4, 5, 15);


--
-- Data for Name: changes_1_kept; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.changes_1_kept VALUES (1, 0);


--
-- Data for Name: counts_1_accounts; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.counts_1_accounts VALUES (1, 2, 2, 1);
INSERT INTO chirp_tables.counts_1_accounts VALUES (3, 2, 2, 2);
INSERT INTO chirp_tables.counts_1_accounts VALUES (5, 0, 2, 1);
INSERT INTO chirp_tables.counts_1_accounts VALUES (7, 2, 0, 1);


--
-- Data for Name: counts_1_posts; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.counts_1_posts VALUES (15, 2, 1, 1);
INSERT INTO chirp_tables.counts_1_posts VALUES (16, 1, 0, 0);


--
-- Data for Name: graph_1_blocks; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



--
-- Data for Name: graph_1_follows; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.graph_1_follows VALUES (3, 1, 9);
INSERT INTO chirp_tables.graph_1_follows VALUES (1, 3, 11);
INSERT INTO chirp_tables.graph_1_follows VALUES (1, 7, 13);
INSERT INTO chirp_tables.graph_1_follows VALUES (3, 7, 14);
INSERT INTO chirp_tables.graph_1_follows VALUES (5, 1, 10);
INSERT INTO chirp_tables.graph_1_follows VALUES (5, 3, 12);


--
-- Data for Name: graph_1_mutes; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



--
-- Data for Name: graph_1_requests; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



--
-- Data for Name: hashtags_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.hashtags_1 VALUES ('compilers', 17);
INSERT INTO chirp_tables.hashtags_1 VALUES ('engines', 15);


--
-- Data for Name: notifications_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.notifications_1 VALUES (1, 1, 0, 3, 9, 1796146981413287);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 5, 16, 3, 16, 1796146981424196);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 7, 18, 7, 18, 1796146981426782);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 1, 0, 5, 10, 1796146981415532);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 3, 15, 3, 21, 1796146981431288);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 3, 15, 5, 22, 1796146981433228);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 4, 15, 5, 20, 1796146981429825);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 1, 0, 1, 11, 1796146981417384);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 1, 0, 5, 12, 1796146981418500);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 3, 16, 1, 23, 1796146981434184);
INSERT INTO chirp_tables.notifications_1 VALUES (7, 1, 0, 1, 13, 1796146981420039);
INSERT INTO chirp_tables.notifications_1 VALUES (7, 1, 0, 3, 14, 1796146981421223);


--
-- Data for Name: notifications_1_changes; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.notifications_1_changes VALUES (9, 1, 1, 0);
INSERT INTO chirp_tables.notifications_1_changes VALUES (10, 1, 1, 0);
INSERT INTO chirp_tables.notifications_1_changes VALUES (12, 3, 1, 0);
INSERT INTO chirp_tables.notifications_1_changes VALUES (14, 7, 1, 0);
INSERT INTO chirp_tables.notifications_1_changes VALUES (16, 1, 5, 16);
INSERT INTO chirp_tables.notifications_1_changes VALUES (18, 3, 7, 18);
INSERT INTO chirp_tables.notifications_1_changes VALUES (20, 1, 4, 15);
INSERT INTO chirp_tables.notifications_1_changes VALUES (22, 1, 3, 15);
INSERT INTO chirp_tables.notifications_1_changes VALUES (23, 3, 3, 16);


--
-- Data for Name: notifications_1_groups; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 1, 0, 10);
INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 3, 15, 22);
INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 4, 15, 20);
INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 5, 16, 16);
INSERT INTO chirp_tables.notifications_1_groups VALUES (3, 1, 0, 12);
INSERT INTO chirp_tables.notifications_1_groups VALUES (3, 3, 16, 23);
INSERT INTO chirp_tables.notifications_1_groups VALUES (3, 7, 18, 18);
INSERT INTO chirp_tables.notifications_1_groups VALUES (7, 1, 0, 14);


--
-- Data for Name: notifications_1_kept; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.notifications_1_kept VALUES (1, 0);


--
-- Data for Name: notifications_1_seen; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



--
-- Data for Name: own_changes_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.own_changes_1 VALUES (9, 3, 2, 1);
INSERT INTO chirp_tables.own_changes_1 VALUES (10, 5, 2, 1);
INSERT INTO chirp_tables.own_changes_1 VALUES (11, 1, 2, 3);
INSERT INTO chirp_tables.own_changes_1 VALUES (12, 5, 2, 3);
INSERT INTO chirp_tables.own_changes_1 VALUES (13, 1, 2, 7);
INSERT INTO chirp_tables.own_changes_1 VALUES (14, 3, 2, 7);
INSERT INTO chirp_tables.own_changes_1 VALUES (20, 5, 1, 15);
INSERT INTO chirp_tables.own_changes_1 VALUES (21, 3, 1, 15);
INSERT INTO chirp_tables.own_changes_1 VALUES (22, 5, 1, 15);
INSERT INTO chirp_tables.own_changes_1 VALUES (23, 1, 1, 16);


--
-- Data for Name: own_changes_1_kept; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.own_changes_1_kept VALUES (1, 0);


--
-- Data for Name: parked_events; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



--
-- Data for Name: posts_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.posts_1 VALUES (15, '01a232b3-ea2e-739b-862c-77d82f9f3565', 1, 'The engine can weave algebra as the loom weaves flowers. #engines', NULL, NULL, NULL, 1796146981422598, NULL, false, 1, NULL);
INSERT INTO chirp_tables.posts_1 VALUES (16, '01a232b3-ea2f-72fe-bf25-8738fa7b40e4', 3, 'And who writes it down for the loom, @ada?', 15, 1, NULL, 1796146981424196, NULL, false, 1, NULL);
INSERT INTO chirp_tables.posts_1 VALUES (17, '01a232b3-ea31-75df-b55a-f9670bed7cdd', 3, 'A compiler is a librarian who reads for you. #compilers', NULL, NULL, NULL, 1796146981425500, NULL, false, 1, NULL);
INSERT INTO chirp_tables.posts_1 VALUES (18, '01a232b3-ea32-770d-850b-e502ce0aff65', 7, 'Our motto for this year, thanks to @grace', NULL, NULL, 17, 1796146981426782, NULL, false, 1, NULL);
INSERT INTO chirp_tables.posts_1 VALUES (19, '01a232b3-ea34-75e8-9792-e4ae8fce0c66', 5, 'It compiles, so it must be right', NULL, NULL, NULL, 1796146981428750, NULL, false, 1, NULL);


--
-- Data for Name: posts_1_changes; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.posts_1_changes VALUES (22, 15);
INSERT INTO chirp_tables.posts_1_changes VALUES (23, 16);


--
-- Data for Name: posts_1_kept; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.posts_1_kept VALUES (1, 0);


--
-- Data for Name: posts_1_likes; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.posts_1_likes VALUES (1, 16, 23);
INSERT INTO chirp_tables.posts_1_likes VALUES (3, 15, 21);
INSERT INTO chirp_tables.posts_1_likes VALUES (5, 15, 22);


--
-- Data for Name: posts_1_reposts; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.posts_1_reposts VALUES (5, 15, 20);


--
-- Data for Name: profiles_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.profiles_1 VALUES (1, '01a232b3-ea05-728a-80bd-68fdf81e5afe', 'ada', 'Ada Lovelace', 'Notes on the Analytical Engine', false, false, true, 1796146981382630, 1, NULL);
INSERT INTO chirp_tables.profiles_1 VALUES (3, '01a232b3-ea18-77e6-b883-446b2f0018de', 'grace', 'Grace Hopper', 'Nanoseconds on request', false, false, true, 1796146981401711, 1, NULL);
INSERT INTO chirp_tables.profiles_1 VALUES (5, '01a232b3-ea1f-727b-b7e6-16a0db9b4db1', 'linus', 'Linus', 'Just for fun', false, false, true, 1796146981408275, 1, NULL);
INSERT INTO chirp_tables.profiles_1 VALUES (7, '01a232b3-ea22-72a3-824b-7bcabfd9a804', 'compilers', 'The Compiler Society', 'We read your code', true, false, true, 1796146981411254, 1, NULL);


--
-- Data for Name: projections; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.projections VALUES ('profiles_1', 23, 1, 0, NULL, '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79', 0, '127.0.0.1:50053');
INSERT INTO chirp_tables.projections VALUES ('posts_1', 23, 1, 0, NULL, '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79', 0, '127.0.0.1:50053');
INSERT INTO chirp_tables.projections VALUES ('graph_1', 23, 1, 0, NULL, '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79', 0, '127.0.0.1:50053');
INSERT INTO chirp_tables.projections VALUES ('counts_1', 23, 1, 0, NULL, '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79', 0, '127.0.0.1:50053');
INSERT INTO chirp_tables.projections VALUES ('bookmarks_1', 23, 1, 0, NULL, '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79', 0, '127.0.0.1:50053');
INSERT INTO chirp_tables.projections VALUES ('hashtags_1', 23, 1, 0, NULL, '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79', 0, '127.0.0.1:50053');
INSERT INTO chirp_tables.projections VALUES ('notifications_1', 23, 1, 0, NULL, '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79', 0, '127.0.0.1:50053');
INSERT INTO chirp_tables.projections VALUES ('changes_1', 23, 1, 0, NULL, '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79', 0, '127.0.0.1:50053');
INSERT INTO chirp_tables.projections VALUES ('own_changes_1', 23, 1, 0, NULL, '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79', 0, '127.0.0.1:50053');
INSERT INTO chirp_tables.projections VALUES ('timelines_1', 23, 1, 0, NULL, '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79', 0, '127.0.0.1:50053');
INSERT INTO chirp_tables.projections VALUES ('activity_1', 23, 1, 0, NULL, '\x561755e2d3a1400125a819a756672084e7fd15bc6af60b1869b44e8c9605ee79', 0, '127.0.0.1:50053');


--
-- Data for Name: set_aside; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



--
-- Data for Name: store; Type: TABLE DATA; Schema: chirp_tables; Owner: postgres
--

INSERT INTO chirp_tables.store VALUES (1, '6107d50b-4043-4eb2-8e73-0f87b9b7078f', 5);


--
-- Data for Name: timelines_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.timelines_1 VALUES (1, 15, 1, 15);
INSERT INTO chirp_tables.timelines_1 VALUES (1, 16, 3, 16);
INSERT INTO chirp_tables.timelines_1 VALUES (1, 17, 3, 17);
INSERT INTO chirp_tables.timelines_1 VALUES (1, 18, 7, 18);
INSERT INTO chirp_tables.timelines_1 VALUES (3, 15, 1, 15);
INSERT INTO chirp_tables.timelines_1 VALUES (3, 16, 3, 16);
INSERT INTO chirp_tables.timelines_1 VALUES (3, 17, 3, 17);
INSERT INTO chirp_tables.timelines_1 VALUES (3, 18, 7, 18);
INSERT INTO chirp_tables.timelines_1 VALUES (5, 15, 1, 15);
INSERT INTO chirp_tables.timelines_1 VALUES (5, 16, 3, 16);
INSERT INTO chirp_tables.timelines_1 VALUES (5, 17, 3, 17);
INSERT INTO chirp_tables.timelines_1 VALUES (5, 19, 5, 19);
INSERT INTO chirp_tables.timelines_1 VALUES (5, 20, 5, 15);
INSERT INTO chirp_tables.timelines_1 VALUES (7, 18, 7, 18);


--
-- Data for Name: timelines_1_accounts; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.timelines_1_accounts VALUES (7, 2, 0, 0, 0);
INSERT INTO chirp_tables.timelines_1_accounts VALUES (1, 2, 2, 0, 0);
INSERT INTO chirp_tables.timelines_1_accounts VALUES (5, 0, 2, 0, 0);
INSERT INTO chirp_tables.timelines_1_accounts VALUES (3, 2, 2, 0, 0);


--
-- Data for Name: timelines_1_edges; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.timelines_1_edges VALUES (1, 1);
INSERT INTO chirp_tables.timelines_1_edges VALUES (3, 3);
INSERT INTO chirp_tables.timelines_1_edges VALUES (5, 5);
INSERT INTO chirp_tables.timelines_1_edges VALUES (7, 7);
INSERT INTO chirp_tables.timelines_1_edges VALUES (1, 3);
INSERT INTO chirp_tables.timelines_1_edges VALUES (1, 5);
INSERT INTO chirp_tables.timelines_1_edges VALUES (3, 1);
INSERT INTO chirp_tables.timelines_1_edges VALUES (3, 5);
INSERT INTO chirp_tables.timelines_1_edges VALUES (7, 1);
INSERT INTO chirp_tables.timelines_1_edges VALUES (7, 3);


--
-- Data for Name: timelines_1_reasons; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.timelines_1_reasons VALUES (1, 15, 15);
INSERT INTO chirp_tables.timelines_1_reasons VALUES (3, 16, 16);
INSERT INTO chirp_tables.timelines_1_reasons VALUES (3, 17, 17);
INSERT INTO chirp_tables.timelines_1_reasons VALUES (5, 19, 19);
INSERT INTO chirp_tables.timelines_1_reasons VALUES (5, 20, 15);
INSERT INTO chirp_tables.timelines_1_reasons VALUES (7, 18, 18);


--
-- Data for Name: timelines_1_sweep; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.timelines_1_sweep VALUES (1, 0);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: chirp_log; Owner: postgres
--

ALTER TABLE ONLY chirp_log.events
    ADD CONSTRAINT events_pkey PRIMARY KEY ("position");


--
-- Name: events events_stream_version_key; Type: CONSTRAINT; Schema: chirp_log; Owner: postgres
--

ALTER TABLE ONLY chirp_log.events
    ADD CONSTRAINT events_stream_version_key UNIQUE (stream, version);


--
-- Name: head head_pkey; Type: CONSTRAINT; Schema: chirp_log; Owner: postgres
--

ALTER TABLE ONLY chirp_log.head
    ADD CONSTRAINT head_pkey PRIMARY KEY (id);


--
-- Name: requests requests_pkey; Type: CONSTRAINT; Schema: chirp_log; Owner: postgres
--

ALTER TABLE ONLY chirp_log.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (principal, request_id);


--
-- Name: store store_pkey; Type: CONSTRAINT; Schema: chirp_log; Owner: postgres
--

ALTER TABLE ONLY chirp_log.store
    ADD CONSTRAINT store_pkey PRIMARY KEY (id);


--
-- Name: activity_1 activity_1_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.activity_1
    ADD CONSTRAINT activity_1_pkey PRIMARY KEY (actor, place);


--
-- Name: bookmarks_1 bookmarks_1_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.bookmarks_1
    ADD CONSTRAINT bookmarks_1_pkey PRIMARY KEY (account, post);


--
-- Name: changes_1_kept changes_1_kept_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.changes_1_kept
    ADD CONSTRAINT changes_1_kept_pkey PRIMARY KEY (id);


--
-- Name: changes_1 changes_1_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.changes_1
    ADD CONSTRAINT changes_1_pkey PRIMARY KEY (place);


--
-- Name: counts_1_accounts counts_1_accounts_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.counts_1_accounts
    ADD CONSTRAINT counts_1_accounts_pkey PRIMARY KEY (account);


--
-- Name: counts_1_posts counts_1_posts_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.counts_1_posts
    ADD CONSTRAINT counts_1_posts_pkey PRIMARY KEY (post);


--
-- Name: graph_1_blocks graph_1_blocks_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.graph_1_blocks
    ADD CONSTRAINT graph_1_blocks_pkey PRIMARY KEY (account, target);


--
-- Name: graph_1_follows graph_1_follows_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.graph_1_follows
    ADD CONSTRAINT graph_1_follows_pkey PRIMARY KEY (follower, followee);


--
-- Name: graph_1_mutes graph_1_mutes_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.graph_1_mutes
    ADD CONSTRAINT graph_1_mutes_pkey PRIMARY KEY (account, target);


--
-- Name: graph_1_requests graph_1_requests_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.graph_1_requests
    ADD CONSTRAINT graph_1_requests_pkey PRIMARY KEY (follower, followee);


--
-- Name: hashtags_1 hashtags_1_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.hashtags_1
    ADD CONSTRAINT hashtags_1_pkey PRIMARY KEY (tag, post);


--
-- Name: notifications_1_changes notifications_1_changes_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.notifications_1_changes
    ADD CONSTRAINT notifications_1_changes_pkey PRIMARY KEY (place, recipient, reason, post);


--
-- Name: notifications_1_groups notifications_1_groups_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.notifications_1_groups
    ADD CONSTRAINT notifications_1_groups_pkey PRIMARY KEY (recipient, reason, post);


--
-- Name: notifications_1_kept notifications_1_kept_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.notifications_1_kept
    ADD CONSTRAINT notifications_1_kept_pkey PRIMARY KEY (id);


--
-- Name: notifications_1 notifications_1_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.notifications_1
    ADD CONSTRAINT notifications_1_pkey PRIMARY KEY (recipient, reason, post, actor);


--
-- Name: notifications_1_seen notifications_1_seen_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.notifications_1_seen
    ADD CONSTRAINT notifications_1_seen_pkey PRIMARY KEY (recipient);


--
-- Name: own_changes_1_kept own_changes_1_kept_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.own_changes_1_kept
    ADD CONSTRAINT own_changes_1_kept_pkey PRIMARY KEY (id);


--
-- Name: own_changes_1 own_changes_1_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.own_changes_1
    ADD CONSTRAINT own_changes_1_pkey PRIMARY KEY (place);


--
-- Name: parked_events parked_events_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.parked_events
    ADD CONSTRAINT parked_events_pkey PRIMARY KEY (projection, "position");


--
-- Name: posts_1_changes posts_1_changes_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.posts_1_changes
    ADD CONSTRAINT posts_1_changes_pkey PRIMARY KEY (place, post);


--
-- Name: posts_1_kept posts_1_kept_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.posts_1_kept
    ADD CONSTRAINT posts_1_kept_pkey PRIMARY KEY (id);


--
-- Name: posts_1_likes posts_1_likes_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.posts_1_likes
    ADD CONSTRAINT posts_1_likes_pkey PRIMARY KEY (account, post);


--
-- Name: posts_1 posts_1_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.posts_1
    ADD CONSTRAINT posts_1_pkey PRIMARY KEY (post);


--
-- Name: posts_1 posts_1_post_id_key; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.posts_1
    ADD CONSTRAINT posts_1_post_id_key UNIQUE (post_id);


--
-- Name: posts_1_reposts posts_1_reposts_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.posts_1_reposts
    ADD CONSTRAINT posts_1_reposts_pkey PRIMARY KEY (account, post);


--
-- Name: profiles_1 profiles_1_account_id_key; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.profiles_1
    ADD CONSTRAINT profiles_1_account_id_key UNIQUE (account_id);


--
-- Name: profiles_1 profiles_1_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.profiles_1
    ADD CONSTRAINT profiles_1_pkey PRIMARY KEY (account);


--
-- Name: projections projections_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.projections
    ADD CONSTRAINT projections_pkey PRIMARY KEY (name);


--
-- Name: set_aside set_aside_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.set_aside
    ADD CONSTRAINT set_aside_pkey PRIMARY KEY (projection, number);


--
-- Name: store store_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: postgres
--

ALTER TABLE ONLY chirp_tables.store
    ADD CONSTRAINT store_pkey PRIMARY KEY (id);


--
-- Name: timelines_1_accounts timelines_1_accounts_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.timelines_1_accounts
    ADD CONSTRAINT timelines_1_accounts_pkey PRIMARY KEY (account);


--
-- Name: timelines_1_edges timelines_1_edges_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.timelines_1_edges
    ADD CONSTRAINT timelines_1_edges_pkey PRIMARY KEY (followee, follower);


--
-- Name: timelines_1 timelines_1_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.timelines_1
    ADD CONSTRAINT timelines_1_pkey PRIMARY KEY (owner, place);


--
-- Name: timelines_1_reasons timelines_1_reasons_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.timelines_1_reasons
    ADD CONSTRAINT timelines_1_reasons_pkey PRIMARY KEY (actor, place);


--
-- Name: timelines_1_sweep timelines_1_sweep_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.timelines_1_sweep
    ADD CONSTRAINT timelines_1_sweep_pkey PRIMARY KEY (id);


--
-- Name: activity_1_by_target; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE UNIQUE INDEX activity_1_by_target ON chirp_tables.activity_1 USING btree (target, kind, actor);


--
-- Name: bookmarks_1_by_account; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX bookmarks_1_by_account ON chirp_tables.bookmarks_1 USING btree (account, place);


--
-- Name: graph_1_blocks_by_account; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX graph_1_blocks_by_account ON chirp_tables.graph_1_blocks USING btree (account, place);


--
-- Name: graph_1_follows_by_followee; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX graph_1_follows_by_followee ON chirp_tables.graph_1_follows USING btree (followee, place);


--
-- Name: graph_1_follows_by_follower; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX graph_1_follows_by_follower ON chirp_tables.graph_1_follows USING btree (follower, place);


--
-- Name: graph_1_mutes_by_account; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX graph_1_mutes_by_account ON chirp_tables.graph_1_mutes USING btree (account, place);


--
-- Name: graph_1_requests_by_followee; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX graph_1_requests_by_followee ON chirp_tables.graph_1_requests USING btree (followee, place);


--
-- Name: hashtags_1_by_post; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX hashtags_1_by_post ON chirp_tables.hashtags_1 USING btree (post);


--
-- Name: notifications_1_by_place; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX notifications_1_by_place ON chirp_tables.notifications_1 USING btree (recipient, reason, post, place);


--
-- Name: notifications_1_by_post; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX notifications_1_by_post ON chirp_tables.notifications_1 USING btree (post) WHERE (reason >= 5);


--
-- Name: notifications_1_groups_by_newest; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX notifications_1_groups_by_newest ON chirp_tables.notifications_1_groups USING btree (recipient, newest);


--
-- Name: notifications_1_remembered_by_post; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX notifications_1_remembered_by_post ON chirp_tables.notifications_1 USING btree (post) WHERE (reason = '-6'::integer);


--
-- Name: own_changes_1_by_account; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX own_changes_1_by_account ON chirp_tables.own_changes_1 USING btree (account, place);


--
-- Name: posts_1_by_author; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX posts_1_by_author ON chirp_tables.posts_1 USING btree (author, post);


--
-- Name: posts_1_likes_by_post; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX posts_1_likes_by_post ON chirp_tables.posts_1_likes USING btree (post, place);


--
-- Name: posts_1_quotes; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX posts_1_quotes ON chirp_tables.posts_1 USING btree (quoted, post) WHERE (quoted IS NOT NULL);


--
-- Name: posts_1_replies; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX posts_1_replies ON chirp_tables.posts_1 USING btree (reply_to, post) WHERE (reply_to IS NOT NULL);


--
-- Name: posts_1_reposts_by_account; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX posts_1_reposts_by_account ON chirp_tables.posts_1_reposts USING btree (account, place);


--
-- Name: posts_1_reposts_by_post; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX posts_1_reposts_by_post ON chirp_tables.posts_1_reposts USING btree (post, place);


--
-- Name: profiles_1_by_handle; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX profiles_1_by_handle ON chirp_tables.profiles_1 USING btree (handle);


--
-- Name: timelines_1_edges_by_follower; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX timelines_1_edges_by_follower ON chirp_tables.timelines_1_edges USING btree (follower, followee);


--
-- Name: timelines_1_pull_readers; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX timelines_1_pull_readers ON chirp_tables.timelines_1_accounts USING btree (account) WHERE (mark = '9223372036854775807'::bigint);


--
-- Name: timelines_1_pulled; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX timelines_1_pulled ON chirp_tables.timelines_1_accounts USING btree (account) WHERE (pulled_until > 0);


--
-- Name: timelines_1_reasons_by_post; Type: INDEX; Schema: chirp_tables; Owner: chirp_projector
--

CREATE INDEX timelines_1_reasons_by_post ON chirp_tables.timelines_1_reasons USING btree (post);


--
-- Name: SCHEMA chirp_log; Type: ACL; Schema: -; Owner: postgres
--

GRANT USAGE ON SCHEMA chirp_log TO chirp_command;
GRANT USAGE ON SCHEMA chirp_log TO chirp_projector;
GRANT USAGE ON SCHEMA chirp_log TO chirp_query;


--
-- Name: SCHEMA chirp_tables; Type: ACL; Schema: -; Owner: postgres
--

GRANT ALL ON SCHEMA chirp_tables TO chirp_projector;
GRANT USAGE ON SCHEMA chirp_tables TO chirp_command;
GRANT USAGE ON SCHEMA chirp_tables TO chirp_query;


--
-- Name: FUNCTION append_batch(appends integer, now bigint, known bigint, fingerprint bytea, expected chirp_log.expectation[], requested chirp_log.new_request[], recorded chirp_log.new_event[]); Type: ACL; Schema: chirp_log; Owner: postgres
--

REVOKE ALL ON FUNCTION chirp_log.append_batch(appends integer, now bigint, known bigint, fingerprint bytea, expected chirp_log.expectation[], requested chirp_log.new_request[], recorded chirp_log.new_event[]) FROM PUBLIC;
GRANT ALL ON FUNCTION chirp_log.append_batch(appends integer, now bigint, known bigint, fingerprint bytea, expected chirp_log.expectation[], requested chirp_log.new_request[], recorded chirp_log.new_event[]) TO chirp_command;


--
-- Name: TABLE events; Type: ACL; Schema: chirp_log; Owner: postgres
--

GRANT SELECT ON TABLE chirp_log.events TO chirp_command;
GRANT SELECT ON TABLE chirp_log.events TO chirp_projector;


--
-- Name: TABLE head; Type: ACL; Schema: chirp_log; Owner: postgres
--

GRANT SELECT ON TABLE chirp_log.head TO chirp_command;
GRANT SELECT ON TABLE chirp_log.head TO chirp_projector;


--
-- Name: COLUMN head."position"; Type: ACL; Schema: chirp_log; Owner: postgres
--

GRANT SELECT("position") ON TABLE chirp_log.head TO chirp_query;


--
-- Name: COLUMN head.hash; Type: ACL; Schema: chirp_log; Owner: postgres
--

GRANT SELECT(hash) ON TABLE chirp_log.head TO chirp_query;


--
-- Name: TABLE positions; Type: ACL; Schema: chirp_log; Owner: postgres
--

GRANT SELECT ON TABLE chirp_log.positions TO chirp_command;
GRANT SELECT ON TABLE chirp_log.positions TO chirp_projector;
GRANT SELECT ON TABLE chirp_log.positions TO chirp_query;


--
-- Name: TABLE requests; Type: ACL; Schema: chirp_log; Owner: postgres
--

GRANT SELECT ON TABLE chirp_log.requests TO chirp_command;


--
-- Name: TABLE store; Type: ACL; Schema: chirp_log; Owner: postgres
--

GRANT SELECT ON TABLE chirp_log.store TO chirp_command;
GRANT SELECT ON TABLE chirp_log.store TO chirp_projector;


--
-- Name: COLUMN store.schema_version; Type: ACL; Schema: chirp_log; Owner: postgres
--

GRANT SELECT(schema_version) ON TABLE chirp_log.store TO chirp_query;


--
-- Name: COLUMN store.epoch; Type: ACL; Schema: chirp_log; Owner: postgres
--

GRANT SELECT(epoch) ON TABLE chirp_log.store TO chirp_query;


--
-- Name: COLUMN store.token_key; Type: ACL; Schema: chirp_log; Owner: postgres
--

GRANT SELECT(token_key) ON TABLE chirp_log.store TO chirp_query;


--
-- Name: TABLE activity_1; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.activity_1 TO chirp_query;


--
-- Name: TABLE bookmarks_1; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.bookmarks_1 TO chirp_query;


--
-- Name: TABLE changes_1; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.changes_1 TO chirp_query;


--
-- Name: TABLE changes_1_kept; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.changes_1_kept TO chirp_query;


--
-- Name: TABLE counts_1_accounts; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.counts_1_accounts TO chirp_query;


--
-- Name: TABLE counts_1_posts; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.counts_1_posts TO chirp_query;


--
-- Name: TABLE graph_1_blocks; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.graph_1_blocks TO chirp_query;


--
-- Name: TABLE graph_1_follows; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.graph_1_follows TO chirp_query;


--
-- Name: TABLE graph_1_mutes; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.graph_1_mutes TO chirp_query;


--
-- Name: TABLE graph_1_requests; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.graph_1_requests TO chirp_query;


--
-- Name: TABLE hashtags_1; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.hashtags_1 TO chirp_query;


--
-- Name: TABLE notifications_1; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.notifications_1 TO chirp_query;


--
-- Name: TABLE notifications_1_changes; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.notifications_1_changes TO chirp_query;


--
-- Name: TABLE notifications_1_groups; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.notifications_1_groups TO chirp_query;


--
-- Name: TABLE notifications_1_kept; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.notifications_1_kept TO chirp_query;


--
-- Name: TABLE notifications_1_seen; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.notifications_1_seen TO chirp_query;


--
-- Name: TABLE own_changes_1; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.own_changes_1 TO chirp_query;


--
-- Name: TABLE own_changes_1_kept; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.own_changes_1_kept TO chirp_query;


--
-- Name: TABLE parked_events; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.parked_events TO chirp_query;


--
-- Name: TABLE posts_1; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.posts_1 TO chirp_query;


--
-- Name: TABLE posts_1_changes; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.posts_1_changes TO chirp_query;


--
-- Name: TABLE posts_1_kept; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.posts_1_kept TO chirp_query;


--
-- Name: TABLE posts_1_likes; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.posts_1_likes TO chirp_query;


--
-- Name: TABLE posts_1_reposts; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.posts_1_reposts TO chirp_query;


--
-- Name: TABLE profiles_1; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.profiles_1 TO chirp_query;


--
-- Name: TABLE projections; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.projections TO chirp_command;
GRANT SELECT ON TABLE chirp_tables.projections TO chirp_query;


--
-- Name: TABLE set_aside; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.set_aside TO chirp_query;


--
-- Name: TABLE store; Type: ACL; Schema: chirp_tables; Owner: postgres
--

GRANT SELECT ON TABLE chirp_tables.store TO chirp_projector;
GRANT SELECT ON TABLE chirp_tables.store TO chirp_query;


--
-- Name: TABLE timelines_1; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.timelines_1 TO chirp_query;


--
-- Name: TABLE timelines_1_accounts; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.timelines_1_accounts TO chirp_query;


--
-- Name: TABLE timelines_1_edges; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.timelines_1_edges TO chirp_query;


--
-- Name: TABLE timelines_1_reasons; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.timelines_1_reasons TO chirp_query;


--
-- Name: TABLE timelines_1_sweep; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.timelines_1_sweep TO chirp_query;


--
-- PostgreSQL database dump complete
--

\unrestrict j8ws3YZ14ToFLvbThvVXaKe6dh4BJabRVsmfiShpxYPEt9FPouTFYirpOpzAvLr

