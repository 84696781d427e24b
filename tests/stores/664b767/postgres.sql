--
-- PostgreSQL database dump
--

\restrict KPRBrqz71brjm80b6e261YQVwNePhG2Ml3ABDGXj4iSmoEfSEqaxcbaCtNQX944

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
    deleted boolean NOT NULL
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
    created_at bigint NOT NULL
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

INSERT INTO chirp_log.events VALUES (1, '01a231f3-40a8-75ed-a30e-0f4ab211e834', 'account-01a231f3-40a7-7317-9367-cea9ad382761', 1, 'account.registered', 1, '01a231f3-40a8-75ed-a30e-0f49f9e9bb41', '01a231f3-40a7-7317-9367-cea8b8cf2cff', NULL, 'anonymous', NULL, 1796134355112282, '{"account_id":"01a231f3-40a7-7317-9367-cea9ad382761","handle":"ada","kind":"user","personal":{"alg":"none","display_name":"Ada Lovelace","bio":"Notes on the Analytical Engine"}}', '\x9a3079c390746b1137fac7efb8444efdaa6c16cd01ded89eae39491604d55ed2', '\x74d3fa156909f1d97bd5652327ba903dc9e4a5c7a4c06cfd4c1b506318221f07');
INSERT INTO chirp_log.events VALUES (2, '01a231f3-40a8-75ed-a30e-0f4b0afa4e18', 'handle-ada', 1, 'handle.claimed', 1, '01a231f3-40a8-75ed-a30e-0f49f9e9bb41', '01a231f3-40a7-7317-9367-cea8b8cf2cff', NULL, 'anonymous', NULL, 1796134355112282, '{"handle":"ada","account_id":"01a231f3-40a7-7317-9367-cea9ad382761"}', '\x72e0bb3804e71292db474535b382b01d87aad361b0ab87910a4bc24661433ab3', '\x3af90866b3b6ac6a2468af0e4e6d05ac0c2eff0a59d064321a84eb644903cf1e');
INSERT INTO chirp_log.events VALUES (3, '01a231f3-40b0-70be-9958-f890ebb78def', 'account-01a231f3-40af-71f1-b834-8a3b8e2d0abf', 1, 'account.registered', 1, '01a231f3-40af-71f1-b834-8a3ced059ff4', '01a231f3-40af-71f1-b834-8a3aff977104', NULL, 'anonymous', NULL, 1796134355120020, '{"account_id":"01a231f3-40af-71f1-b834-8a3b8e2d0abf","handle":"grace","kind":"user","personal":{"alg":"none","display_name":"Grace Hopper","bio":"Nanoseconds on request"}}', '\x20154d0fa6d7370dae5370d839ba200e2bb3fae6e32e8008d46504f21d4fd510', '\xf9d49410406132b5344c897347fc933c428376a35cc9cbbcc91f656ce70c072c');
INSERT INTO chirp_log.events VALUES (4, '01a231f3-40b0-70be-9958-f89197ca976b', 'handle-grace', 1, 'handle.claimed', 1, '01a231f3-40af-71f1-b834-8a3ced059ff4', '01a231f3-40af-71f1-b834-8a3aff977104', NULL, 'anonymous', NULL, 1796134355120020, '{"handle":"grace","account_id":"01a231f3-40af-71f1-b834-8a3b8e2d0abf"}', '\x1385b9e22c70bec3da48953f41961820fda2b83382ad20ad8fea9f60402ceb5c', '\x4fde4ee6403dfdcb0b41e15b5ffa0694201c45c5965f4178b4633a7eecfdb7c8');
INSERT INTO chirp_log.events VALUES (5, '01a231f3-40b9-756c-8522-4a254a76ba14', 'account-01a231f3-40b8-7561-ac50-310c4e62f04b', 1, 'account.registered', 1, '01a231f3-40b9-756c-8522-4a2464714928', '01a231f3-40b8-7561-ac50-310b17f9800b', NULL, 'anonymous', NULL, 1796134355129133, '{"account_id":"01a231f3-40b8-7561-ac50-310c4e62f04b","handle":"linus","kind":"user","personal":{"alg":"none","display_name":"Linus","bio":"Just for fun"}}', '\x1025261c47adbd9a86d6ea09c9beedffa3ebcc6b12ebd0bc0107949bdd487df9', '\xf998b36167ff0b3555313dd9d8931b26f151db5189a62e0a6a39176e2f156326');
INSERT INTO chirp_log.events VALUES (6, '01a231f3-40b9-756c-8522-4a26a44b0a1f', 'handle-linus', 1, 'handle.claimed', 1, '01a231f3-40b9-756c-8522-4a2464714928', '01a231f3-40b8-7561-ac50-310b17f9800b', NULL, 'anonymous', NULL, 1796134355129133, '{"handle":"linus","account_id":"01a231f3-40b8-7561-ac50-310c4e62f04b"}', '\x52a2ec48a7d35a326156856e7aa7bbf523b3d9113d5d5eec77ef78fa01df22f1', '\x3b01af202600c4539816ba2a376c34d1da47bbd1979bdce132724ffedcfea301');
INSERT INTO chirp_log.events VALUES (7, '01a231f3-40ba-762f-aeae-4f8d1e6f7afc', 'account-01a231f3-40b9-756c-8522-4a28db4d6c8d', 1, 'account.registered', 1, '01a231f3-40ba-762f-aeae-4f8c10fecca8', '01a231f3-40b9-756c-8522-4a2799a41d6a', NULL, 'anonymous', NULL, 1796134355130212, '{"account_id":"01a231f3-40b9-756c-8522-4a28db4d6c8d","handle":"compilers","kind":"organization","personal":{"alg":"none","display_name":"The Compiler Society","bio":"We read your code"}}', '\xc7c35d927d7199e41ff2e7c8449fd3afcc26054fb66a8f3a9d7d11ef85bd8b8c', '\xb929bdb8ab1510ba0ab641e69c7318746a5d55a5fdb70b4f1d07149684bedb5b');
INSERT INTO chirp_log.events VALUES (8, '01a231f3-40ba-762f-aeae-4f8e621897f3', 'handle-compilers', 1, 'handle.claimed', 1, '01a231f3-40ba-762f-aeae-4f8c10fecca8', '01a231f3-40b9-756c-8522-4a2799a41d6a', NULL, 'anonymous', NULL, 1796134355130212, '{"handle":"compilers","account_id":"01a231f3-40b9-756c-8522-4a28db4d6c8d"}', '\x510d557e8070cfa0a6bcf9575427bf122572c4706ff530e0dbdb5b464b0e8fc1', '\x1cb90eb8d3e861621c2e3502a017b9506fd5724c10cdf7ba031883bbb84a6269');
INSERT INTO chirp_log.events VALUES (9, '01a231f3-40bb-756b-9c0f-8cdb9f790f40', 'follow-01a231f3-40af-71f1-b834-8a3b8e2d0abf-01a231f3-40a7-7317-9367-cea9ad382761', 1, 'follow.followed', 1, '01a231f3-40bb-756b-9c0f-8cda34db04e6', '01a231f3-40bb-756b-9c0f-8cd99b25b8b0', NULL, 'anonymous', NULL, 1796134355131720, '{"follower":{"id":"01a231f3-40af-71f1-b834-8a3b8e2d0abf","key":3},"followee":{"id":"01a231f3-40a7-7317-9367-cea9ad382761","key":1},"followee_kind":"user"}', '\x917a7064624e0f167c0b8bd5908c051ebd37e0fcb679b2655191fac2b64b5193', '\xb29ad412086a60ebeaa7fc89aaed6b94fbd58990df1eef73d928899316bce35b');
INSERT INTO chirp_log.events VALUES (10, '01a231f3-40bc-7754-9dd0-08d075d2743e', 'follow-01a231f3-40b8-7561-ac50-310c4e62f04b-01a231f3-40a7-7317-9367-cea9ad382761', 1, 'follow.followed', 1, '01a231f3-40bc-7754-9dd0-08cf42773628', '01a231f3-40bc-7754-9dd0-08ce067609fa', NULL, 'anonymous', NULL, 1796134355132837, '{"follower":{"id":"01a231f3-40b8-7561-ac50-310c4e62f04b","key":5},"followee":{"id":"01a231f3-40a7-7317-9367-cea9ad382761","key":1},"followee_kind":"user"}', '\x14d6dd5296e733e06f9c25baa1c4a536bc589abc80655e374198a372819556c1', '\x247175ef7bb5abffd8928196716a23cc0241a980bc2fa30e4a3d17c804bf79fa');
INSERT INTO chirp_log.events VALUES (11, '01a231f3-40be-729d-a5d2-bb5eaf6b2bbb', 'follow-01a231f3-40a7-7317-9367-cea9ad382761-01a231f3-40af-71f1-b834-8a3b8e2d0abf', 1, 'follow.followed', 1, '01a231f3-40be-729d-a5d2-bb5dc3b439ad', '01a231f3-40be-729d-a5d2-bb5cb878e422', NULL, 'anonymous', NULL, 1796134355134981, '{"follower":{"id":"01a231f3-40a7-7317-9367-cea9ad382761","key":1},"followee":{"id":"01a231f3-40af-71f1-b834-8a3b8e2d0abf","key":3},"followee_kind":"user"}', '\xe779285fc1f9c9636f30a1fac8bbc238489ad69cb81356703e17c57b375acc62', '\x299183ab9840890987975eecf8ed994c6ef5aac776b7628ba70508b22a80dd5e');
INSERT INTO chirp_log.events VALUES (12, '01a231f3-40c0-70ad-b518-edbce6d50130', 'follow-01a231f3-40b8-7561-ac50-310c4e62f04b-01a231f3-40af-71f1-b834-8a3b8e2d0abf', 1, 'follow.followed', 1, '01a231f3-40c0-70ad-b518-edbbc6a4f94d', '01a231f3-40bf-72a6-a02b-088ab7369cf4', NULL, 'anonymous', NULL, 1796134355136037, '{"follower":{"id":"01a231f3-40b8-7561-ac50-310c4e62f04b","key":5},"followee":{"id":"01a231f3-40af-71f1-b834-8a3b8e2d0abf","key":3},"followee_kind":"user"}', '\xe552aeca6c518fea3055e5970aef88aab2d9a5b3ac7a4fb1b9698c389586f75f', '\x0dc7bfffe412fca50c96b88928dd8d89b48adf2cebacfd0a0fdd71945ed4b423');
INSERT INTO chirp_log.events VALUES (13, '01a231f3-40c3-72b5-9876-e1af72368c22', 'follow-01a231f3-40a7-7317-9367-cea9ad382761-01a231f3-40b9-756c-8522-4a28db4d6c8d', 1, 'follow.followed', 1, '01a231f3-40c3-72b5-9876-e1aeb700f6f2', '01a231f3-40c0-70ad-b518-edbdcdf4db8f', NULL, 'anonymous', NULL, 1796134355139094, '{"follower":{"id":"01a231f3-40a7-7317-9367-cea9ad382761","key":1},"followee":{"id":"01a231f3-40b9-756c-8522-4a28db4d6c8d","key":7},"followee_kind":"organization"}', '\xe84f47779a8e00b0a10e485ca1a15f4a732a4325232326cc65c1d7baab4f217b', '\x3bf866908de51c33eb1f29543c47ef106c62e802545a31bd170cbc4313e8817c');
INSERT INTO chirp_log.events VALUES (14, '01a231f3-40c4-768c-a4db-3e643c9ecd6e', 'follow-01a231f3-40af-71f1-b834-8a3b8e2d0abf-01a231f3-40b9-756c-8522-4a28db4d6c8d', 1, 'follow.followed', 1, '01a231f3-40c4-768c-a4db-3e63eae3d5e1', '01a231f3-40c3-72b5-9876-e1b092825b1a', NULL, 'anonymous', NULL, 1796134355140149, '{"follower":{"id":"01a231f3-40af-71f1-b834-8a3b8e2d0abf","key":3},"followee":{"id":"01a231f3-40b9-756c-8522-4a28db4d6c8d","key":7},"followee_kind":"organization"}', '\x3aeb20b79246df6a474e6170d047e9dffb8f2f89f153e84d4e72a76e7c6ff9bd', '\x475aa20fd682774bc44e4be6bc84c54801a64dbf3658574237e34c68da818dbe');
INSERT INTO chirp_log.events VALUES (15, '01a231f3-40c5-7791-9518-8910d23cc6bc', 'post-01a231f3-40c5-7791-9518-890ef2535a40', 1, 'post.created', 1, '01a231f3-40c5-7791-9518-890f4e5dd4e9', '01a231f3-40c5-7791-9518-890dc15df332', NULL, 'anonymous', NULL, 1796134355141181, '{"post_id":"01a231f3-40c5-7791-9518-890ef2535a40","author":{"id":"01a231f3-40a7-7317-9367-cea9ad382761","key":1},"mentions":[],"hashtags":["engines"],"personal":{"alg":"none","text":"The engine can weave algebra as the loom weaves flowers. #engines"}}', '\x0742722549c6f7b7e6504757f0413eeb2a0634ed43321a0e44f8b1e26e73f113', '\x960afb1dfe9c4373a7e10543e6cf069e4e270608b1486223550ea76e5de8db1b');
INSERT INTO chirp_log.events VALUES (16, '01a231f3-40c7-7448-8ca6-52b6a59d3434', 'post-01a231f3-40c6-7423-86ee-a4c9ad8f6890', 1, 'post.created', 1, '01a231f3-40c6-7423-86ee-a4ca94f2ff63', '01a231f3-40c6-7423-86ee-a4c8e67c220f', NULL, 'anonymous', NULL, 1796134355143023, '{"post_id":"01a231f3-40c6-7423-86ee-a4c9ad8f6890","author":{"id":"01a231f3-40af-71f1-b834-8a3b8e2d0abf","key":3},"reply_to":{"post":{"id":"01a231f3-40c5-7791-9518-890ef2535a40","key":15},"author":{"id":"01a231f3-40a7-7317-9367-cea9ad382761","key":1}},"mentions":[{"id":"01a231f3-40a7-7317-9367-cea9ad382761","key":1}],"hashtags":[],"personal":{"alg":"none","text":"And who writes it down for the loom, @ada?"}}', '\x43e12f1898a2d1dc2a6bdb0a3ab41d3880e51037ee12e81dc61ad4558f643a9a', '\x10549d7a2a1bb1e9490921d72d2ff423f0675c89303a41d37663c0abeafd7c0f');
INSERT INTO chirp_log.events VALUES (17, '01a231f3-40c8-7310-ae00-0c09f535963f', 'post-01a231f3-40c8-7310-ae00-0c07ed370299', 1, 'post.created', 1, '01a231f3-40c8-7310-ae00-0c08ae236422', '01a231f3-40c8-7310-ae00-0c063136ccbb', NULL, 'anonymous', NULL, 1796134355144416, '{"post_id":"01a231f3-40c8-7310-ae00-0c07ed370299","author":{"id":"01a231f3-40af-71f1-b834-8a3b8e2d0abf","key":3},"mentions":[],"hashtags":["compilers"],"personal":{"alg":"none","text":"A compiler is a librarian who reads for you. #compilers"}}', '\x64cf8a5ea75ab7ac1e7f39c17e4c14e9cd4fea531849725742516321a310ddfd', '\x3dbb7f4fd5f546d5496abee547e0cbc0796da132fd9f4a492aa4fec214eddb78');
INSERT INTO chirp_log.events VALUES (18, '01a231f3-40ca-761c-9ac1-59801cb20e3f', 'post-01a231f3-40c9-7323-8451-b4417621c9fc', 1, 'post.created', 1, '01a231f3-40ca-761c-9ac1-597f9890bc35', '01a231f3-40c9-7323-8451-b4405ed76b48', NULL, 'anonymous', NULL, 1796134355146172, '{"post_id":"01a231f3-40c9-7323-8451-b4417621c9fc","author":{"id":"01a231f3-40b9-756c-8522-4a28db4d6c8d","key":7},"quoted":{"post":{"id":"01a231f3-40c8-7310-ae00-0c07ed370299","key":17},"author":{"id":"01a231f3-40af-71f1-b834-8a3b8e2d0abf","key":3}},"mentions":[{"id":"01a231f3-40af-71f1-b834-8a3b8e2d0abf","key":3}],"hashtags":[],"personal":{"alg":"none","text":"Our motto for this year, thanks to @grace"}}', '\x70bb64448db8f7a38befe60f177710caa04d76fe1081173ca4f202d74033aa27', '\xaaf2cd774eb4120a369d9effdae6dc7166213567a3a8874d10bb6a7db9279d24');
INSERT INTO chirp_log.events VALUES (19, '01a231f3-40cb-7201-bce9-9f6eb56eb6ff', 'post-01a231f3-40cb-7201-bce9-9f6cd7995650', 1, 'post.created', 1, '01a231f3-40cb-7201-bce9-9f6dfc5800b3', '01a231f3-40cb-7201-bce9-9f6bd86bf0bc', NULL, 'anonymous', NULL, 1796134355147127, '{"post_id":"01a231f3-40cb-7201-bce9-9f6cd7995650","author":{"id":"01a231f3-40b8-7561-ac50-310c4e62f04b","key":5},"mentions":[],"hashtags":[],"personal":{"alg":"none","text":"It compiles, so it must be right"}}', '\x89aabc921372624933316390d10991d5d7392b57125efdcf87d9bf3768b27788', '\x975bd8ae9e2544fa0ee4a6d25d5e761b5348031b5fc50848c316479dcf5a8fc9');
INSERT INTO chirp_log.events VALUES (20, '01a231f3-40cc-7708-8957-fea6cabfe872', 'repost-01a231f3-40b8-7561-ac50-310c4e62f04b-01a231f3-40c5-7791-9518-890ef2535a40', 1, 'repost.added', 1, '01a231f3-40cc-7708-8957-fea5b6b75058', '01a231f3-40cc-7708-8957-fea43dfe0fa5', NULL, 'anonymous', NULL, 1796134355148505, '{"account":{"id":"01a231f3-40b8-7561-ac50-310c4e62f04b","key":5},"post":{"id":"01a231f3-40c5-7791-9518-890ef2535a40","key":15},"post_author":{"id":"01a231f3-40a7-7317-9367-cea9ad382761","key":1}}', '\x1041b1d1801ae82718da0c6279db96d5957eef5489456f43aa9e241089936559', '\x4b86d7a85ecba63870af5dab799185f1e6dcdbdc6306cfcc30455bea9553b54d');
INSERT INTO chirp_log.events VALUES (21, '01a231f3-40cd-75af-b681-358297594782', 'like-01a231f3-40af-71f1-b834-8a3b8e2d0abf-01a231f3-40c5-7791-9518-890ef2535a40', 1, 'like.added', 1, '01a231f3-40cd-75af-b681-35817fb0feba', '01a231f3-40cd-75af-b681-3580ad745e16', NULL, 'anonymous', NULL, 1796134355149734, '{"account":{"id":"01a231f3-40af-71f1-b834-8a3b8e2d0abf","key":3},"post":{"id":"01a231f3-40c5-7791-9518-890ef2535a40","key":15},"post_author":{"id":"01a231f3-40a7-7317-9367-cea9ad382761","key":1}}', '\x4a475fa9c2ea16a66f5ef27253074ac23bf34afe00d3fa9fdded2063d0ade22d', '\x29326d016960d417c237de7604bed957788617b1aaa3ee43f38aab971cacb614');
INSERT INTO chirp_log.events VALUES (22, '01a231f3-40cf-74de-8ff9-a7fcc01e63d2', 'like-01a231f3-40b8-7561-ac50-310c4e62f04b-01a231f3-40c5-7791-9518-890ef2535a40', 1, 'like.added', 1, '01a231f3-40cf-74de-8ff9-a7fb1a6e7e0f', '01a231f3-40ce-760f-b868-22eb2c3604ee', NULL, 'anonymous', NULL, 1796134355151372, '{"account":{"id":"01a231f3-40b8-7561-ac50-310c4e62f04b","key":5},"post":{"id":"01a231f3-40c5-7791-9518-890ef2535a40","key":15},"post_author":{"id":"01a231f3-40a7-7317-9367-cea9ad382761","key":1}}', '\x1041b1d1801ae82718da0c6279db96d5957eef5489456f43aa9e241089936559', '\x8d218881f3730556f6a70e1d91dc7c7f28ec7423b74f98f80633833715ca3638');
INSERT INTO chirp_log.events VALUES (23, '01a231f3-40d1-70c2-bd05-07e5c0f852e9', 'like-01a231f3-40a7-7317-9367-cea9ad382761-01a231f3-40c6-7423-86ee-a4c9ad8f6890', 1, 'like.added', 1, '01a231f3-40d1-70c2-bd05-07e4321e8352', '01a231f3-40d0-72cf-9e33-4d2045c565c6', NULL, 'anonymous', NULL, 1796134355153860, '{"account":{"id":"01a231f3-40a7-7317-9367-cea9ad382761","key":1},"post":{"id":"01a231f3-40c6-7423-86ee-a4c9ad8f6890","key":16},"post_author":{"id":"01a231f3-40af-71f1-b834-8a3b8e2d0abf","key":3}}', '\x2f865bdea0365725a8da3df4588757fa25890b1ba4951845a3fbd4f137966f7d', '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63');


--
-- Data for Name: head; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.head VALUES (1, 23, '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63', 1796134355153860);


--
-- Data for Name: requests; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.requests VALUES ('anonymous', '93dd0505-4ba5-57b8-a6dd-59024c6483f7', '\x53723b7e55ec521135b858af844606c59537b902c530b6cc8af2fab8197f88e5', 2, '\x7b226163636f756e74223a2230316132333166332d343061372d373331372d393336372d636561396164333832373631227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'ae3987de-92ad-5c3a-972f-07df5abcf5dc', '\x66726cb17abf18444ca7bb8dedddc92c6bb7171ccf4c8869498999c1dafef0b7', 4, '\x7b226163636f756e74223a2230316132333166332d343061662d373166312d623833342d386133623865326430616266227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '9cb37472-98d8-519e-b243-7aec55bab14e', '\xd39ff74d498d84f98b072aadc530240eb202c20a39e0cad3f1aaef7e7e41e8f3', 6, '\x7b226163636f756e74223a2230316132333166332d343062382d373536312d616335302d333130633465363266303462227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '455c530d-8932-533b-bd1f-c6e0a3e35fc4', '\x50a1f41f6771ccc9ce2995898993ab52fcbe44d6632e4b69b2c1644c63055245', 8, '\x7b226163636f756e74223a2230316132333166332d343062392d373536632d383532322d346132386462346436633864227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'b2d2bdf4-897d-51ee-b3df-2a5b26e9eead', '\x298932cb02d92f370cd50c6e042a216b3992517139b512488f0b222a802756d8', 9, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '2b7fcd3b-7d44-5af8-a904-37e85193d968', '\xbcbc5268cdb5d211a7e975dfc0e3a914e6b4b0356893bd7451e9ce9e261a16db', 10, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '3bfaeb43-04b1-511e-9c62-415b4df04623', '\x30322343766bc66147c52d7694e4fcb2d5e59df574b86451e7997f1efe48fc5f', 11, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '388fa698-ce5e-5bba-a0f5-1f2c3b34417b', '\x9c9ab335249b8b204ca531bea37e48892dc2d113ddb056c4acef146a6bdf9bdb', 12, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '200528e8-8f4a-5141-901a-d49c027875a4', '\xf85bb130df19b61d78bd3341ec5be7cfc4d28a03ea9ca3570a814814dd941de4', 13, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '4c92eff7-5c14-5ae0-8199-e221215c58ed', '\x8e54868e60145f5483e5418f38ef414e0dc07e1eeb82fec8c0e3bb5cf3106f3a', 14, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '1b716997-1e3e-511e-b6aa-1cf1bce8043c', '\xb80b16a0dd563bfa1dfe342c4b5f1111be444678a883d65ba021afc59c483409', 15, '\x7b22706f7374223a2230316132333166332d343063352d373739312d393531382d383930656632353335613430227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '1c78fd1e-84d7-5c36-9b52-c2c3b8bfc38f', '\x61a621769c9880ca3f969dd47ee881f5933ba6faa2e20c3137d5a9d936cf36e9', 16, '\x7b22706f7374223a2230316132333166332d343063362d373432332d383665652d613463396164386636383930227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'ad0d5ab0-043b-58c4-8cee-433201a4d305', '\x21bbb1aebb18e31b58ac76898354fcbe45afe62abefc3d558a4aabc14eff29aa', 17, '\x7b22706f7374223a2230316132333166332d343063382d373331302d616530302d306330376564333730323939227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'f77af79c-9e70-5a14-8891-4f5e9f668710', '\x5b121b7601bcd4e791508b2874b1a3a0276a91564b7c780217f7b6532b67b672', 18, '\x7b22706f7374223a2230316132333166332d343063392d373332332d383435312d623434313736323163396663227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'defe55c2-35d9-536d-aee6-4b0dc708e949', '\xb12297b92088428e780ae23b9e1872d9db6f2aa73adeb3984927a628262a778e', 19, '\x7b22706f7374223a2230316132333166332d343063622d373230312d626365392d396636636437393935363530227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '23171d4d-9666-5df3-8aee-12e4c63e5950', '\xfbc8231272986f27f794e177126db454cd58921dbc5d491f3344243198eb7daa', 20, '\x22646f6e6522');
INSERT INTO chirp_log.requests VALUES ('anonymous', '60fdb85e-03a6-5b2d-990c-655633a5144b', '\x3dc9b10b662c4332344269705535ae9977283c7f783219d85e4a820ef4ca2372', 21, '\x22646f6e6522');
INSERT INTO chirp_log.requests VALUES ('anonymous', '726d8839-15f9-5796-82df-6b0534e7d911', '\xaa3f7aab8906b8079d62ef5c407dacb913fa662d3ac46b7c697efe06bc26582b', 22, '\x22646f6e6522');
INSERT INTO chirp_log.requests VALUES ('anonymous', '6c892cf4-0f9d-5f03-bce9-47a5b7bb56b4', '\x49d5721ba21c2f817c24564d07d81b6c2c79858987f4a0816b40e3db03eef5bc', 23, '\x22646f6e6522');


--
-- Data for Name: store; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.store VALUES (1, 3, 'bf965351-7146-44c7-9d00-27e5dae285f6', '\x07791ad79e20116daf963abb0ecb787e270c83047f4884eee4dd3d072bd6351f');


--
-- Data for Name: activity_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.activity_1 VALUES (3, 9, 1, 1, 1796134355131720);
INSERT INTO chirp_tables.activity_1 VALUES (1, 11, 1, 3, 1796134355134981);
INSERT INTO chirp_tables.activity_1 VALUES (1, 13, 1, 7, 1796134355139094);
INSERT INTO chirp_tables.activity_1 VALUES (1, 15, 4, 15, 1796134355141181);
INSERT INTO chirp_tables.activity_1 VALUES (3, 14, 1, 7, 1796134355140149);
INSERT INTO chirp_tables.activity_1 VALUES (3, 16, 4, 16, 1796134355143023);
INSERT INTO chirp_tables.activity_1 VALUES (3, 17, 4, 17, 1796134355144416);
INSERT INTO chirp_tables.activity_1 VALUES (5, 10, 1, 1, 1796134355132837);
INSERT INTO chirp_tables.activity_1 VALUES (5, 12, 1, 3, 1796134355136037);
INSERT INTO chirp_tables.activity_1 VALUES (1, 23, 2, 16, 1796134355153860);
INSERT INTO chirp_tables.activity_1 VALUES (3, 21, 2, 15, 1796134355149734);
INSERT INTO chirp_tables.activity_1 VALUES (5, 19, 4, 19, 1796134355147127);
INSERT INTO chirp_tables.activity_1 VALUES (5, 20, 3, 15, 1796134355148505);
INSERT INTO chirp_tables.activity_1 VALUES (5, 22, 2, 15, 1796134355151372);
INSERT INTO chirp_tables.activity_1 VALUES (7, 18, 4, 18, 1796134355146172);


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

INSERT INTO chirp_tables.notifications_1 VALUES (1, 1, 0, 3, 9, 1796134355131720);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 5, 16, 3, 16, 1796134355143023);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 1, 0, 5, 10, 1796134355132837);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 1, 0, 1, 11, 1796134355134981);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 1, 0, 5, 12, 1796134355136037);
INSERT INTO chirp_tables.notifications_1 VALUES (7, 1, 0, 1, 13, 1796134355139094);
INSERT INTO chirp_tables.notifications_1 VALUES (7, 1, 0, 3, 14, 1796134355140149);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 7, 18, 7, 18, 1796134355146172);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 3, 15, 3, 21, 1796134355149734);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 3, 15, 5, 22, 1796134355151372);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 4, 15, 5, 20, 1796134355148505);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 3, 16, 1, 23, 1796134355153860);


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
INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 5, 16, 16);
INSERT INTO chirp_tables.notifications_1_groups VALUES (3, 1, 0, 12);
INSERT INTO chirp_tables.notifications_1_groups VALUES (7, 1, 0, 14);
INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 3, 15, 22);
INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 4, 15, 20);
INSERT INTO chirp_tables.notifications_1_groups VALUES (3, 3, 16, 23);
INSERT INTO chirp_tables.notifications_1_groups VALUES (3, 7, 18, 18);


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

INSERT INTO chirp_tables.posts_1 VALUES (15, '01a231f3-40c5-7791-9518-890ef2535a40', 1, 'The engine can weave algebra as the loom weaves flowers. #engines', NULL, NULL, NULL, 1796134355141181, NULL, false);
INSERT INTO chirp_tables.posts_1 VALUES (16, '01a231f3-40c6-7423-86ee-a4c9ad8f6890', 3, 'And who writes it down for the loom, @ada?', 15, 1, NULL, 1796134355143023, NULL, false);
INSERT INTO chirp_tables.posts_1 VALUES (17, '01a231f3-40c8-7310-ae00-0c07ed370299', 3, 'A compiler is a librarian who reads for you. #compilers', NULL, NULL, NULL, 1796134355144416, NULL, false);
INSERT INTO chirp_tables.posts_1 VALUES (18, '01a231f3-40c9-7323-8451-b4417621c9fc', 7, 'Our motto for this year, thanks to @grace', NULL, NULL, 17, 1796134355146172, NULL, false);
INSERT INTO chirp_tables.posts_1 VALUES (19, '01a231f3-40cb-7201-bce9-9f6cd7995650', 5, 'It compiles, so it must be right', NULL, NULL, NULL, 1796134355147127, NULL, false);


--
-- Data for Name: posts_1_changes; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.posts_1_changes VALUES (16, 15);
INSERT INTO chirp_tables.posts_1_changes VALUES (16, 16);
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

INSERT INTO chirp_tables.profiles_1 VALUES (1, '01a231f3-40a7-7317-9367-cea9ad382761', 'ada', 'Ada Lovelace', 'Notes on the Analytical Engine', false, false, true, 1796134355112282);
INSERT INTO chirp_tables.profiles_1 VALUES (3, '01a231f3-40af-71f1-b834-8a3b8e2d0abf', 'grace', 'Grace Hopper', 'Nanoseconds on request', false, false, true, 1796134355120020);
INSERT INTO chirp_tables.profiles_1 VALUES (5, '01a231f3-40b8-7561-ac50-310c4e62f04b', 'linus', 'Linus', 'Just for fun', false, false, true, 1796134355129133);
INSERT INTO chirp_tables.profiles_1 VALUES (7, '01a231f3-40b9-756c-8522-4a28db4d6c8d', 'compilers', 'The Compiler Society', 'We read your code', true, false, true, 1796134355130212);


--
-- Data for Name: projections; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.projections VALUES ('profiles_1', 23, 1, 0, NULL, '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63', 0, '127.0.0.1:36491');
INSERT INTO chirp_tables.projections VALUES ('posts_1', 23, 1, 0, NULL, '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63', 0, '127.0.0.1:36491');
INSERT INTO chirp_tables.projections VALUES ('graph_1', 23, 1, 0, NULL, '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63', 0, '127.0.0.1:36491');
INSERT INTO chirp_tables.projections VALUES ('counts_1', 23, 1, 0, NULL, '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63', 0, '127.0.0.1:36491');
INSERT INTO chirp_tables.projections VALUES ('bookmarks_1', 23, 1, 0, NULL, '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63', 0, '127.0.0.1:36491');
INSERT INTO chirp_tables.projections VALUES ('hashtags_1', 23, 1, 0, NULL, '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63', 0, '127.0.0.1:36491');
INSERT INTO chirp_tables.projections VALUES ('notifications_1', 23, 1, 0, NULL, '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63', 0, '127.0.0.1:36491');
INSERT INTO chirp_tables.projections VALUES ('changes_1', 23, 1, 0, NULL, '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63', 0, '127.0.0.1:36491');
INSERT INTO chirp_tables.projections VALUES ('own_changes_1', 23, 1, 0, NULL, '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63', 0, '127.0.0.1:36491');
INSERT INTO chirp_tables.projections VALUES ('timelines_1', 23, 1, 0, NULL, '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63', 0, '127.0.0.1:36491');
INSERT INTO chirp_tables.projections VALUES ('activity_1', 23, 1, 0, NULL, '\xd01c293abacbe25a6fdf70dc532b01bbc02bf8c0781ab6468c0674cdc841fa63', 0, '127.0.0.1:36491');


--
-- Data for Name: set_aside; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



--
-- Data for Name: store; Type: TABLE DATA; Schema: chirp_tables; Owner: postgres
--

INSERT INTO chirp_tables.store VALUES (1, 'bf965351-7146-44c7-9d00-27e5dae285f6', 4);


--
-- Data for Name: timelines_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.timelines_1 VALUES (1, 15, 1, 15);
INSERT INTO chirp_tables.timelines_1 VALUES (1, 16, 3, 16);
INSERT INTO chirp_tables.timelines_1 VALUES (1, 17, 3, 17);
INSERT INTO chirp_tables.timelines_1 VALUES (3, 15, 1, 15);
INSERT INTO chirp_tables.timelines_1 VALUES (3, 16, 3, 16);
INSERT INTO chirp_tables.timelines_1 VALUES (3, 17, 3, 17);
INSERT INTO chirp_tables.timelines_1 VALUES (5, 15, 1, 15);
INSERT INTO chirp_tables.timelines_1 VALUES (5, 16, 3, 16);
INSERT INTO chirp_tables.timelines_1 VALUES (5, 17, 3, 17);
INSERT INTO chirp_tables.timelines_1 VALUES (1, 18, 7, 18);
INSERT INTO chirp_tables.timelines_1 VALUES (3, 18, 7, 18);
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

\unrestrict KPRBrqz71brjm80b6e261YQVwNePhG2Ml3ABDGXj4iSmoEfSEqaxcbaCtNQX944

