--
-- PostgreSQL database dump
--

\restrict uS1CNL7HH4Rfr8t9lXyW1yuNaCfDyICWUgnd4e5HmrBC2N9irDXFUUWyaIQSKDV

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
    served_from bigint DEFAULT 0 NOT NULL
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
-- Name: timelines_1_changes; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.timelines_1_changes (
    place bigint NOT NULL,
    change bigint NOT NULL,
    actor bigint NOT NULL,
    target bigint NOT NULL
);


ALTER TABLE chirp_tables.timelines_1_changes OWNER TO chirp_projector;

--
-- Name: timelines_1_edges; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.timelines_1_edges (
    followee bigint NOT NULL,
    follower bigint NOT NULL
);


ALTER TABLE chirp_tables.timelines_1_edges OWNER TO chirp_projector;

--
-- Name: timelines_1_kept; Type: TABLE; Schema: chirp_tables; Owner: chirp_projector
--

CREATE TABLE chirp_tables.timelines_1_kept (
    id bigint NOT NULL,
    kept_after bigint NOT NULL,
    CONSTRAINT timelines_1_kept_id_check CHECK ((id = 1))
);


ALTER TABLE chirp_tables.timelines_1_kept OWNER TO chirp_projector;

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

INSERT INTO chirp_log.events VALUES (1, '01a22edc-b465-76ea-ac28-cda254f4ab9c', 'account-01a22edc-b45d-752f-ba62-65b3523fffe0', 1, 'account.registered', 1, '01a22edc-b465-76ea-ac28-cda1b6477681', '01a22edc-b45d-752f-ba62-65b2ac489552', NULL, 'anonymous', NULL, 1796082545765623, '{"account_id":"01a22edc-b45d-752f-ba62-65b3523fffe0","handle":"ada","kind":"user","personal":{"alg":"none","display_name":"Ada Lovelace","bio":"Notes on the Analytical Engine"}}', '\xeb16b4649693e47cb8eb1dfa94601879b855c40f71c665b222b272f92efd0a3b', '\x4b8b5ffb89fe822cc0c83ea141210566caf09d0255bb8862aa32bbf9d250254a');
INSERT INTO chirp_log.events VALUES (2, '01a22edc-b465-76ea-ac28-cda3edd8514e', 'handle-ada', 1, 'handle.claimed', 1, '01a22edc-b465-76ea-ac28-cda1b6477681', '01a22edc-b45d-752f-ba62-65b2ac489552', NULL, 'anonymous', NULL, 1796082545765623, '{"handle":"ada","account_id":"01a22edc-b45d-752f-ba62-65b3523fffe0"}', '\x794bb856e650bf8f6ff004d907691d146e11d3020c9ee9f0feb0cd36f0a4853a', '\x1d78f970643a684614d06d228a5f4f0a8953d7ddb7dbb6c1ebab166e7cb3d807');
INSERT INTO chirp_log.events VALUES (3, '01a22edc-b48d-728a-9392-6373ca213eee', 'account-01a22edc-b48d-728a-9392-63718652d1c8', 1, 'account.registered', 1, '01a22edc-b48d-728a-9392-63729e3ff4da', '01a22edc-b48d-728a-9392-637045f805bc', NULL, 'anonymous', NULL, 1796082545805894, '{"account_id":"01a22edc-b48d-728a-9392-63718652d1c8","handle":"grace","kind":"user","personal":{"alg":"none","display_name":"Grace Hopper","bio":"Nanoseconds on request"}}', '\x3d3070e7bc75772f8519c997b6c13834c952df4fcc1616418cbc53577fafc5b0', '\xd944d93f8cf3c41000dc8774df3e099c2c4d4746b992888f230fa11d82486f2c');
INSERT INTO chirp_log.events VALUES (4, '01a22edc-b48d-728a-9392-6374214606ed', 'handle-grace', 1, 'handle.claimed', 1, '01a22edc-b48d-728a-9392-63729e3ff4da', '01a22edc-b48d-728a-9392-637045f805bc', NULL, 'anonymous', NULL, 1796082545805894, '{"handle":"grace","account_id":"01a22edc-b48d-728a-9392-63718652d1c8"}', '\x15c0708cab9715c7581776f5f4cfd3a6656d5e4a9c34f4312e9bcdfcb45921df', '\x2e9e238b16ba4800a195c3fa0d0119515280e87e41d0e37a9e76fa47c9431779');
INSERT INTO chirp_log.events VALUES (5, '01a22edc-b4a7-7481-bbbc-265f65d671c3', 'account-01a22edc-b492-712c-8b58-2e195d20da6e', 1, 'account.registered', 1, '01a22edc-b4a7-7481-bbbc-265e9f475436', '01a22edc-b492-712c-8b58-2e1896508079', NULL, 'anonymous', NULL, 1796082545831594, '{"account_id":"01a22edc-b492-712c-8b58-2e195d20da6e","handle":"linus","kind":"user","personal":{"alg":"none","display_name":"Linus","bio":"Just for fun"}}', '\xd40d8f82c5db9a0663d99a0cdd66964acf496b09485030c5fe48a4b0676ae8e8', '\xac51b42592bdbf576a8c2a6a342997ffc20dd912e664d5e803ed35b3353b5477');
INSERT INTO chirp_log.events VALUES (6, '01a22edc-b4a7-7481-bbbc-266089ccf462', 'handle-linus', 1, 'handle.claimed', 1, '01a22edc-b4a7-7481-bbbc-265e9f475436', '01a22edc-b492-712c-8b58-2e1896508079', NULL, 'anonymous', NULL, 1796082545831594, '{"handle":"linus","account_id":"01a22edc-b492-712c-8b58-2e195d20da6e"}', '\x1716b5b0ead8dc0cade905a784b826a32462c341b1921d324c05f7a2539a012d', '\xa85b4fa87df024d174886411f639cf53eea8b55ad077e914313b7bf8eb57d9ca');
INSERT INTO chirp_log.events VALUES (7, '01a22edc-b4b7-7132-8682-7659d3b8d336', 'account-01a22edc-b4b6-73b4-b6dd-f1d27c9cd457', 1, 'account.registered', 1, '01a22edc-b4b6-73b4-b6dd-f1d37cbe6cb2', '01a22edc-b4b6-73b4-b6dd-f1d19700b10b', NULL, 'anonymous', NULL, 1796082545847031, '{"account_id":"01a22edc-b4b6-73b4-b6dd-f1d27c9cd457","handle":"compilers","kind":"organization","personal":{"alg":"none","display_name":"The Compiler Society","bio":"We read your code"}}', '\xe4126c882626259f5e6df50cd14e9c50f0e1ea51135a7356f99ef06472c232ac', '\xc5ff3ef56a9aebe820129db225d14c5b24b695a2eb7609663ff81c7c0abfbf6b');
INSERT INTO chirp_log.events VALUES (8, '01a22edc-b4b7-7132-8682-765ae6d221e8', 'handle-compilers', 1, 'handle.claimed', 1, '01a22edc-b4b6-73b4-b6dd-f1d37cbe6cb2', '01a22edc-b4b6-73b4-b6dd-f1d19700b10b', NULL, 'anonymous', NULL, 1796082545847031, '{"handle":"compilers","account_id":"01a22edc-b4b6-73b4-b6dd-f1d27c9cd457"}', '\x66b1e187086264fbc1aacae4afb977540c81488b180332a8d37155591408fd71', '\x387ed1c8e105aad20361d1f6a3077514db22428abb3300f64b18aba34ecb1c7b');
INSERT INTO chirp_log.events VALUES (9, '01a22edc-b4b8-7737-8400-061db1c1aa01', 'follow-01a22edc-b48d-728a-9392-63718652d1c8-01a22edc-b45d-752f-ba62-65b3523fffe0', 1, 'follow.followed', 1, '01a22edc-b4b8-7737-8400-061cedf035d1', '01a22edc-b4b8-7737-8400-061bce5bf0bd', NULL, 'anonymous', NULL, 1796082545848741, '{"follower":{"id":"01a22edc-b48d-728a-9392-63718652d1c8","key":3},"followee":{"id":"01a22edc-b45d-752f-ba62-65b3523fffe0","key":1},"followee_kind":"user"}', '\xc78738d63e73b991bda731434b49113a78cc20f03ee45265fd2f4489030cd31d', '\xaf0362021196ce8e1cbf506e216eee6d04f0b6f0be4b925cf15063957a2dc0a9');
INSERT INTO chirp_log.events VALUES (10, '01a22edc-b4c4-7143-a7f6-d56cf33c29bc', 'follow-01a22edc-b492-712c-8b58-2e195d20da6e-01a22edc-b45d-752f-ba62-65b3523fffe0', 1, 'follow.followed', 1, '01a22edc-b4c4-7143-a7f6-d56bed42208b', '01a22edc-b4c4-7143-a7f6-d56a7aa65f54', NULL, 'anonymous', NULL, 1796082545860435, '{"follower":{"id":"01a22edc-b492-712c-8b58-2e195d20da6e","key":5},"followee":{"id":"01a22edc-b45d-752f-ba62-65b3523fffe0","key":1},"followee_kind":"user"}', '\x8441af3ad9be63ff997fa92dfc5103a429d14805dad11c493a85df50661cec16', '\x31b22f845d63bba388d5f92ff53360d91e165d6fdb696a297a4a97177207a235');
INSERT INTO chirp_log.events VALUES (11, '01a22edc-b4c9-7325-bf04-b6008884a585', 'follow-01a22edc-b45d-752f-ba62-65b3523fffe0-01a22edc-b48d-728a-9392-63718652d1c8', 1, 'follow.followed', 1, '01a22edc-b4c9-7325-bf04-b5fffe58b6f5', '01a22edc-b4c9-7325-bf04-b5feb0a6bfd4', NULL, 'anonymous', NULL, 1796082545865975, '{"follower":{"id":"01a22edc-b45d-752f-ba62-65b3523fffe0","key":1},"followee":{"id":"01a22edc-b48d-728a-9392-63718652d1c8","key":3},"followee_kind":"user"}', '\xf6ffa0bd7da33633a70db73c117c389a74e0ce3631c87924f7831763f300e049', '\x874f157b15d7d2c12ad52b7b7d8b2577268144e1d88679e0833b8374f2d5ef9e');
INSERT INTO chirp_log.events VALUES (12, '01a22edc-b4cd-72b0-848f-518e847ddce8', 'follow-01a22edc-b492-712c-8b58-2e195d20da6e-01a22edc-b48d-728a-9392-63718652d1c8', 1, 'follow.followed', 1, '01a22edc-b4cd-72b0-848f-518de9948caa', '01a22edc-b4ca-7156-8ab2-41a883a6f118', NULL, 'anonymous', NULL, 1796082545869122, '{"follower":{"id":"01a22edc-b492-712c-8b58-2e195d20da6e","key":5},"followee":{"id":"01a22edc-b48d-728a-9392-63718652d1c8","key":3},"followee_kind":"user"}', '\xbfbe51579559df52f1630b7626d216c6165387c4d6eeda5ddbbc1fa2d2a8b151', '\x768b495453e91ba558d09abd20f770eddb1bbc338608ec6a27f9e4ae78d0f56d');
INSERT INTO chirp_log.events VALUES (13, '01a22edc-b4d5-72a9-8e98-2699be52435f', 'follow-01a22edc-b45d-752f-ba62-65b3523fffe0-01a22edc-b4b6-73b4-b6dd-f1d27c9cd457', 1, 'follow.followed', 1, '01a22edc-b4d5-72a9-8e98-2698a6247af4', '01a22edc-b4d5-72a9-8e98-2697753ed46f', NULL, 'anonymous', NULL, 1796082545877488, '{"follower":{"id":"01a22edc-b45d-752f-ba62-65b3523fffe0","key":1},"followee":{"id":"01a22edc-b4b6-73b4-b6dd-f1d27c9cd457","key":7},"followee_kind":"organization"}', '\x67c26172c7b5e8950844cf59a4ee265096d7ec1719085f5d9b197213f892abf5', '\x2e93c9272a0249e88b1a6820794ca56030c9f9060317c2c65ccc5d7c26457a8b');
INSERT INTO chirp_log.events VALUES (14, '01a22edc-b4e1-76ae-b7a4-6d32b8f70579', 'follow-01a22edc-b48d-728a-9392-63718652d1c8-01a22edc-b4b6-73b4-b6dd-f1d27c9cd457', 1, 'follow.followed', 1, '01a22edc-b4e1-76ae-b7a4-6d31f50a57d6', '01a22edc-b4da-763e-9bf7-1a6e88ebaacc', NULL, 'anonymous', NULL, 1796082545889157, '{"follower":{"id":"01a22edc-b48d-728a-9392-63718652d1c8","key":3},"followee":{"id":"01a22edc-b4b6-73b4-b6dd-f1d27c9cd457","key":7},"followee_kind":"organization"}', '\x0cb0f5b0959c9eb4089194797c66721c617b6fcb84395bf6237ac9c43fdc4190', '\x8cc8ee13348c0ad9b004f36dcb82eac82b193e796af9fa0f3847fc98a039f7f5');
INSERT INTO chirp_log.events VALUES (15, '01a22edc-b4ea-7414-b528-65a5cc57bfe5', 'post-01a22edc-b4ea-7414-b528-65a362c1db9f', 1, 'post.created', 1, '01a22edc-b4ea-7414-b528-65a4fc370b3f', '01a22edc-b4ea-7414-b528-65a28b1e7560', NULL, 'anonymous', NULL, 1796082545898353, '{"post_id":"01a22edc-b4ea-7414-b528-65a362c1db9f","author":{"id":"01a22edc-b45d-752f-ba62-65b3523fffe0","key":1},"mentions":[],"hashtags":["engines"],"personal":{"alg":"none","text":"The engine can weave algebra as the loom weaves flowers. #engines"}}', '\x148fbce05165bb5f149d2a10a46bd101b946e3d393152a339c4d2b890c590800', '\x8c2832272d6c64ab7535113a3445184d6ea9e757c901abbe14a2276756075e66');
INSERT INTO chirp_log.events VALUES (16, '01a22edc-b4fe-70ef-a0e1-f7a68c7e5a37', 'post-01a22edc-b4f2-7796-b6b0-5a467ab0ec3c', 1, 'post.created', 1, '01a22edc-b4fe-70ef-a0e1-f7a568a22a4f', '01a22edc-b4f2-7796-b6b0-5a452b951433', NULL, 'anonymous', NULL, 1796082545918107, '{"post_id":"01a22edc-b4f2-7796-b6b0-5a467ab0ec3c","author":{"id":"01a22edc-b48d-728a-9392-63718652d1c8","key":3},"reply_to":{"post":{"id":"01a22edc-b4ea-7414-b528-65a362c1db9f","key":15},"author":{"id":"01a22edc-b45d-752f-ba62-65b3523fffe0","key":1}},"mentions":[{"id":"01a22edc-b45d-752f-ba62-65b3523fffe0","key":1}],"hashtags":[],"personal":{"alg":"none","text":"And who writes it down for the loom, @ada?"}}', '\x2752a8f49c1fae20bbde8d674d6863acbcd60a3c2e06bcb77b3297d3596414b8', '\xf22b831430166cca48db3f83c775c571fa05367f60e3ee65874158616876258b');
INSERT INTO chirp_log.events VALUES (17, '01a22edc-b509-7482-a3bf-a02f5f7d5a98', 'post-01a22edc-b509-7482-a3bf-a02da3b5b995', 1, 'post.created', 1, '01a22edc-b509-7482-a3bf-a02edc61bf3f', '01a22edc-b508-7554-9851-35e4dfc71575', NULL, 'anonymous', NULL, 1796082545929288, '{"post_id":"01a22edc-b509-7482-a3bf-a02da3b5b995","author":{"id":"01a22edc-b48d-728a-9392-63718652d1c8","key":3},"mentions":[],"hashtags":["compilers"],"personal":{"alg":"none","text":"A compiler is a librarian who reads for you. #compilers"}}', '\x45d9a51cb00914ed9c494138bd2959dcece7d7c57445bfc97661f04408930b94', '\xcec9da993fac63e74d41062b1d29052403b21796570cc1771fb2fcb95e4edeea');
INSERT INTO chirp_log.events VALUES (18, '01a22edc-b51e-7618-9f35-34415a7c1c3f', 'post-01a22edc-b50e-7187-982a-c855a5c66d9e', 1, 'post.created', 1, '01a22edc-b51e-7618-9f35-3440a970b44c', '01a22edc-b50e-7187-982a-c854992f8773', NULL, 'anonymous', NULL, 1796082545950479, '{"post_id":"01a22edc-b50e-7187-982a-c855a5c66d9e","author":{"id":"01a22edc-b4b6-73b4-b6dd-f1d27c9cd457","key":7},"quoted":{"post":{"id":"01a22edc-b509-7482-a3bf-a02da3b5b995","key":17},"author":{"id":"01a22edc-b48d-728a-9392-63718652d1c8","key":3}},"mentions":[{"id":"01a22edc-b48d-728a-9392-63718652d1c8","key":3}],"hashtags":[],"personal":{"alg":"none","text":"Our motto for this year, thanks to @grace"}}', '\xe7e15899c7364ff0705adee941b949d9aa177aba4829d71c37f20e88a10a7e0c', '\xb1e0a5ddda740793b4e7cf89f5ab5a8b16368b93aaf085eb98cfac4dba3f1da1');
INSERT INTO chirp_log.events VALUES (19, '01a22edc-b520-70f7-9be1-2a91423f0829', 'post-01a22edc-b520-70f7-9be1-2a8f5c788690', 1, 'post.created', 1, '01a22edc-b520-70f7-9be1-2a90d1a27c79', '01a22edc-b520-70f7-9be1-2a8e31023630', NULL, 'anonymous', NULL, 1796082545952405, '{"post_id":"01a22edc-b520-70f7-9be1-2a8f5c788690","author":{"id":"01a22edc-b492-712c-8b58-2e195d20da6e","key":5},"mentions":[],"hashtags":[],"personal":{"alg":"none","text":"It compiles, so it must be right"}}', '\x1e32b22c1c28e735024eff0e1f0ea6edec68bb448cb205822afe884174e58b4b', '\xbd307396b7e1a580d6b2c13a91d2a7f0f304e914fb51c407f41c3b7baee58dbe');
INSERT INTO chirp_log.events VALUES (20, '01a22edc-b531-75fa-88fd-fb1d4450499a', 'repost-01a22edc-b492-712c-8b58-2e195d20da6e-01a22edc-b4ea-7414-b528-65a362c1db9f', 1, 'repost.added', 1, '01a22edc-b531-75fa-88fd-fb1c966a449c', '01a22edc-b528-77ee-b160-6d67a30c877d', NULL, 'anonymous', NULL, 1796082545969701, '{"account":{"id":"01a22edc-b492-712c-8b58-2e195d20da6e","key":5},"post":{"id":"01a22edc-b4ea-7414-b528-65a362c1db9f","key":15},"post_author":{"id":"01a22edc-b45d-752f-ba62-65b3523fffe0","key":1}}', '\xcb2517d6d17ec860ed26abb8cc10af5e60e11024f1cf6e1999c185c40779e0d4', '\x164ac57ec9dbfae421f3ca32ff2ac4e985b989f8df10adbd669ebbeefa212f2c');
INSERT INTO chirp_log.events VALUES (21, '01a22edc-b541-734e-939d-2160917b7963', 'like-01a22edc-b48d-728a-9392-63718652d1c8-01a22edc-b4ea-7414-b528-65a362c1db9f', 1, 'like.added', 1, '01a22edc-b541-734e-939d-215f7eb0b8fb', '01a22edc-b536-71ae-936e-38fb34a99309', NULL, 'anonymous', NULL, 1796082545985919, '{"account":{"id":"01a22edc-b48d-728a-9392-63718652d1c8","key":3},"post":{"id":"01a22edc-b4ea-7414-b528-65a362c1db9f","key":15},"post_author":{"id":"01a22edc-b45d-752f-ba62-65b3523fffe0","key":1}}', '\xa016b1c03544d8dcf57eedc14a7160d36a6120450e5369e2f065056cc7099687', '\x89687efe00e6c4d28862815271041b3e7e64cbec66f4820331316305ccb52fa1');
INSERT INTO chirp_log.events VALUES (22, '01a22edc-b555-7388-b5bb-090052421a11', 'like-01a22edc-b492-712c-8b58-2e195d20da6e-01a22edc-b4ea-7414-b528-65a362c1db9f', 1, 'like.added', 1, '01a22edc-b555-7388-b5bb-08ffa04a2a95', '01a22edc-b549-7532-9d10-f20026dc8d09', NULL, 'anonymous', NULL, 1796082546005342, '{"account":{"id":"01a22edc-b492-712c-8b58-2e195d20da6e","key":5},"post":{"id":"01a22edc-b4ea-7414-b528-65a362c1db9f","key":15},"post_author":{"id":"01a22edc-b45d-752f-ba62-65b3523fffe0","key":1}}', '\xcb2517d6d17ec860ed26abb8cc10af5e60e11024f1cf6e1999c185c40779e0d4', '\x4ee97b8b88cf27d3f8440fdf228cc9807441b18a25bb986729f284555d74c0bf');
INSERT INTO chirp_log.events VALUES (23, '01a22edc-b55e-76d2-8dda-51c68ffdb644', 'like-01a22edc-b45d-752f-ba62-65b3523fffe0-01a22edc-b4f2-7796-b6b0-5a467ab0ec3c', 1, 'like.added', 1, '01a22edc-b55e-76d2-8dda-51c502a0ecc4', '01a22edc-b55e-76d2-8dda-51c4cf6cd1af', NULL, 'anonymous', NULL, 1796082546014573, '{"account":{"id":"01a22edc-b45d-752f-ba62-65b3523fffe0","key":1},"post":{"id":"01a22edc-b4f2-7796-b6b0-5a467ab0ec3c","key":16},"post_author":{"id":"01a22edc-b48d-728a-9392-63718652d1c8","key":3}}', '\x6dc231bee742a6d714b1ae57585e484471511bc34f9ea70f5eb0ccbf482cbbad', '\x75add1905ddac2668f91b7cd2c9635098e57c2ab16017cd4acde02f8580bb6b8');


--
-- Data for Name: head; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.head VALUES (1, 23, '\x75add1905ddac2668f91b7cd2c9635098e57c2ab16017cd4acde02f8580bb6b8', 1796082546014573);


--
-- Data for Name: requests; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.requests VALUES ('anonymous', '93dd0505-4ba5-57b8-a6dd-59024c6483f7', '\x53723b7e55ec521135b858af844606c59537b902c530b6cc8af2fab8197f88e5', 2, '\x7b226163636f756e74223a2230316132326564632d623435642d373532662d626136322d363562333532336666666530227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'ae3987de-92ad-5c3a-972f-07df5abcf5dc', '\x66726cb17abf18444ca7bb8dedddc92c6bb7171ccf4c8869498999c1dafef0b7', 4, '\x7b226163636f756e74223a2230316132326564632d623438642d373238612d393339322d363337313836353264316338227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '9cb37472-98d8-519e-b243-7aec55bab14e', '\xd39ff74d498d84f98b072aadc530240eb202c20a39e0cad3f1aaef7e7e41e8f3', 6, '\x7b226163636f756e74223a2230316132326564632d623439322d373132632d386235382d326531393564323064613665227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '455c530d-8932-533b-bd1f-c6e0a3e35fc4', '\x50a1f41f6771ccc9ce2995898993ab52fcbe44d6632e4b69b2c1644c63055245', 8, '\x7b226163636f756e74223a2230316132326564632d623462362d373362342d623664642d663164323763396364343537227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'f9708924-43a6-511e-b6a5-33dd3f46f62c', '\x6804d72f8c1771acfdb3cbb0cd10013b04ed418084a40fab473b8493cf6f1fa6', 9, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'e44d6dbb-4d9d-54a4-bc83-e7b05277529f', '\x328ed5d05f631422d03105efe52da6a962097b7c5cbff8f914452fffd51dd90d', 10, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'e669e56c-157b-59e8-8c22-1ccecb8b1bed', '\xbb1d0ed2f34f580a94c2405ae5d9bcd9affa6f9fa3cc50c430d9b510e3da5fbb', 11, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '55efd128-42b5-539d-81a6-f34e6afda1d7', '\xe94ad0bf039cf6abd2759798051251a5b5279f0da043469f38401cc3fa96ab8b', 12, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '813928b9-fa4a-5f7c-8156-7ca062dbcc41', '\x598e6c9cc16e84ed0650f8432ada435231cd5643a7cc1243a8f94b77eb75aa2f', 13, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '99010649-2521-53fc-8bbc-1f46fc9950a5', '\xcbf235e9792446f8226c7cd1dded0a5c4e34d91e4d02bd9d765066a73caf55f2', 14, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '1b716997-1e3e-511e-b6aa-1cf1bce8043c', '\xeb100b13a63f6c87bc5e864904f96e8f0bc6a311092d01756c58f8876c0d1e98', 15, '\x7b22706f7374223a2230316132326564632d623465612d373431342d623532382d363561333632633164623966227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '1c78fd1e-84d7-5c36-9b52-c2c3b8bfc38f', '\xf080f1cb82bf7874edd1480014fa94c81fef72dfd9ac046d8daf150353fda136', 16, '\x7b22706f7374223a2230316132326564632d623466322d373739362d623662302d356134363761623065633363227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'ad0d5ab0-043b-58c4-8cee-433201a4d305', '\x4b05478d63bf73ec235046ba8bd0222bff93638b262da0d163f49f07e8814aa0', 17, '\x7b22706f7374223a2230316132326564632d623530392d373438322d613362662d613032646133623562393935227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'f77af79c-9e70-5a14-8891-4f5e9f668710', '\x0da7a263eceba7420c79e1ac5c4707eac909952a4d8adb1635808ced7ccf62da', 18, '\x7b22706f7374223a2230316132326564632d623530652d373138372d393832612d633835356135633636643965227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'defe55c2-35d9-536d-aee6-4b0dc708e949', '\x93b0528c7a66ce22bba420464aa45481774cc3d690e2b74fc5cb357dc5a107db', 19, '\x7b22706f7374223a2230316132326564632d623532302d373066372d396265312d326138663563373838363930227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'ba3d3195-7ab2-5f5f-ad33-f9ea36c34b14', '\xca6fcd7222fc55ce973483b34269c58c2853147fc5f04878f4ea54249751d8c7', 20, '\x22646f6e6522');
INSERT INTO chirp_log.requests VALUES ('anonymous', '39dc183c-e4fd-5915-bd7a-ff6650ab2ff2', '\xadf178c4340faa731c3f504fd6bb4ecbdc7a1a773bee322309ce45cc0370075e', 21, '\x22646f6e6522');
INSERT INTO chirp_log.requests VALUES ('anonymous', '7a19929d-ca11-5056-9a11-b639ac70a290', '\x8dfb36c3498b10ece0b2c030257e09f3a37271091d8bba2a5729d00afe2893eb', 22, '\x22646f6e6522');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'bb429a1a-af24-584d-a1ea-b3036a22cccb', '\xd67de6451bdec88057af8d12416aa68ce7bb55ead42b47ee383bea897ccb7794', 23, '\x22646f6e6522');


--
-- Data for Name: store; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.store VALUES (1, 1, 'f2739491-da61-4d40-a913-5b4a9601bb87', '\xa94ffc34a866b767ebeea9f42c3b9a1d8ce31d23546ac0c62bc92fdd384caf89');


--
-- Data for Name: activity_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.activity_1 VALUES (3, 9, 1, 1, 1796082545848741);
INSERT INTO chirp_tables.activity_1 VALUES (5, 10, 1, 1, 1796082545860435);
INSERT INTO chirp_tables.activity_1 VALUES (1, 11, 1, 3, 1796082545865975);
INSERT INTO chirp_tables.activity_1 VALUES (1, 13, 1, 7, 1796082545877488);
INSERT INTO chirp_tables.activity_1 VALUES (1, 15, 4, 15, 1796082545898353);
INSERT INTO chirp_tables.activity_1 VALUES (3, 14, 1, 7, 1796082545889157);
INSERT INTO chirp_tables.activity_1 VALUES (3, 16, 4, 16, 1796082545918107);
INSERT INTO chirp_tables.activity_1 VALUES (3, 17, 4, 17, 1796082545929288);
INSERT INTO chirp_tables.activity_1 VALUES (5, 12, 1, 3, 1796082545869122);
INSERT INTO chirp_tables.activity_1 VALUES (7, 18, 4, 18, 1796082545950479);
INSERT INTO chirp_tables.activity_1 VALUES (1, 23, 2, 16, 1796082546014573);
INSERT INTO chirp_tables.activity_1 VALUES (3, 21, 2, 15, 1796082545985919);
INSERT INTO chirp_tables.activity_1 VALUES (5, 19, 4, 19, 1796082545952405);
INSERT INTO chirp_tables.activity_1 VALUES (5, 20, 3, 15, 1796082545969701);
INSERT INTO chirp_tables.activity_1 VALUES (5, 22, 2, 15, 1796082546005342);


--
-- Data for Name: bookmarks_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



--
-- Data for Name: counts_1_accounts; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.counts_1_accounts VALUES (1, 2, 2, 1);
INSERT INTO chirp_tables.counts_1_accounts VALUES (3, 2, 2, 2);
INSERT INTO chirp_tables.counts_1_accounts VALUES (7, 2, 0, 1);
INSERT INTO chirp_tables.counts_1_accounts VALUES (5, 0, 2, 1);


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
INSERT INTO chirp_tables.graph_1_follows VALUES (5, 1, 10);
INSERT INTO chirp_tables.graph_1_follows VALUES (1, 3, 11);
INSERT INTO chirp_tables.graph_1_follows VALUES (1, 7, 13);
INSERT INTO chirp_tables.graph_1_follows VALUES (3, 7, 14);
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

INSERT INTO chirp_tables.notifications_1 VALUES (1, 1, 0, 3, 9, 1796082545848741);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 1, 0, 5, 10, 1796082545860435);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 5, 16, 3, 16, 1796082545918107);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 1, 0, 1, 11, 1796082545865975);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 1, 0, 5, 12, 1796082545869122);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 7, 18, 7, 18, 1796082545950479);
INSERT INTO chirp_tables.notifications_1 VALUES (7, 1, 0, 1, 13, 1796082545877488);
INSERT INTO chirp_tables.notifications_1 VALUES (7, 1, 0, 3, 14, 1796082545889157);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 3, 15, 3, 21, 1796082545985919);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 3, 15, 5, 22, 1796082546005342);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 4, 15, 5, 20, 1796082545969701);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 3, 16, 1, 23, 1796082546014573);


--
-- Data for Name: notifications_1_changes; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.notifications_1_changes VALUES (10, 1, 1, 0);
INSERT INTO chirp_tables.notifications_1_changes VALUES (16, 1, 5, 16);
INSERT INTO chirp_tables.notifications_1_changes VALUES (12, 3, 1, 0);
INSERT INTO chirp_tables.notifications_1_changes VALUES (18, 3, 7, 18);
INSERT INTO chirp_tables.notifications_1_changes VALUES (14, 7, 1, 0);
INSERT INTO chirp_tables.notifications_1_changes VALUES (22, 1, 3, 15);
INSERT INTO chirp_tables.notifications_1_changes VALUES (20, 1, 4, 15);
INSERT INTO chirp_tables.notifications_1_changes VALUES (23, 3, 3, 16);


--
-- Data for Name: notifications_1_groups; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 1, 0, 10);
INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 5, 16, 16);
INSERT INTO chirp_tables.notifications_1_groups VALUES (3, 1, 0, 12);
INSERT INTO chirp_tables.notifications_1_groups VALUES (3, 7, 18, 18);
INSERT INTO chirp_tables.notifications_1_groups VALUES (7, 1, 0, 14);
INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 3, 15, 22);
INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 4, 15, 20);
INSERT INTO chirp_tables.notifications_1_groups VALUES (3, 3, 16, 23);


--
-- Data for Name: notifications_1_kept; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.notifications_1_kept VALUES (1, 0);


--
-- Data for Name: notifications_1_seen; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



--
-- Data for Name: parked_events; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



--
-- Data for Name: posts_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.posts_1 VALUES (15, '01a22edc-b4ea-7414-b528-65a362c1db9f', 1, 'The engine can weave algebra as the loom weaves flowers. #engines', NULL, NULL, NULL, 1796082545898353, NULL, false);
INSERT INTO chirp_tables.posts_1 VALUES (16, '01a22edc-b4f2-7796-b6b0-5a467ab0ec3c', 3, 'And who writes it down for the loom, @ada?', 15, 1, NULL, 1796082545918107, NULL, false);
INSERT INTO chirp_tables.posts_1 VALUES (17, '01a22edc-b509-7482-a3bf-a02da3b5b995', 3, 'A compiler is a librarian who reads for you. #compilers', NULL, NULL, NULL, 1796082545929288, NULL, false);
INSERT INTO chirp_tables.posts_1 VALUES (18, '01a22edc-b50e-7187-982a-c855a5c66d9e', 7, 'Our motto for this year, thanks to @grace', NULL, NULL, 17, 1796082545950479, NULL, false);
INSERT INTO chirp_tables.posts_1 VALUES (19, '01a22edc-b520-70f7-9be1-2a8f5c788690', 5, 'It compiles, so it must be right', NULL, NULL, NULL, 1796082545952405, NULL, false);


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

INSERT INTO chirp_tables.profiles_1 VALUES (1, '01a22edc-b45d-752f-ba62-65b3523fffe0', 'ada', 'Ada Lovelace', 'Notes on the Analytical Engine', false, false, true, 1796082545765623);
INSERT INTO chirp_tables.profiles_1 VALUES (3, '01a22edc-b48d-728a-9392-63718652d1c8', 'grace', 'Grace Hopper', 'Nanoseconds on request', false, false, true, 1796082545805894);
INSERT INTO chirp_tables.profiles_1 VALUES (5, '01a22edc-b492-712c-8b58-2e195d20da6e', 'linus', 'Linus', 'Just for fun', false, false, true, 1796082545831594);
INSERT INTO chirp_tables.profiles_1 VALUES (7, '01a22edc-b4b6-73b4-b6dd-f1d27c9cd457', 'compilers', 'The Compiler Society', 'We read your code', true, false, true, 1796082545847031);


--
-- Data for Name: projections; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.projections VALUES ('profiles_1', 23, 1, 0, NULL, '\x75add1905ddac2668f91b7cd2c9635098e57c2ab16017cd4acde02f8580bb6b8', 0);
INSERT INTO chirp_tables.projections VALUES ('posts_1', 23, 1, 0, NULL, '\x75add1905ddac2668f91b7cd2c9635098e57c2ab16017cd4acde02f8580bb6b8', 0);
INSERT INTO chirp_tables.projections VALUES ('graph_1', 23, 1, 0, NULL, '\x75add1905ddac2668f91b7cd2c9635098e57c2ab16017cd4acde02f8580bb6b8', 0);
INSERT INTO chirp_tables.projections VALUES ('counts_1', 23, 1, 0, NULL, '\x75add1905ddac2668f91b7cd2c9635098e57c2ab16017cd4acde02f8580bb6b8', 0);
INSERT INTO chirp_tables.projections VALUES ('bookmarks_1', 23, 1, 0, NULL, '\x75add1905ddac2668f91b7cd2c9635098e57c2ab16017cd4acde02f8580bb6b8', 0);
INSERT INTO chirp_tables.projections VALUES ('hashtags_1', 23, 1, 0, NULL, '\x75add1905ddac2668f91b7cd2c9635098e57c2ab16017cd4acde02f8580bb6b8', 0);
INSERT INTO chirp_tables.projections VALUES ('notifications_1', 23, 1, 0, NULL, '\x75add1905ddac2668f91b7cd2c9635098e57c2ab16017cd4acde02f8580bb6b8', 0);
INSERT INTO chirp_tables.projections VALUES ('activity_1', 23, 1, 0, NULL, '\x75add1905ddac2668f91b7cd2c9635098e57c2ab16017cd4acde02f8580bb6b8', 0);
INSERT INTO chirp_tables.projections VALUES ('timelines_1', 23, 1, 0, NULL, '\x75add1905ddac2668f91b7cd2c9635098e57c2ab16017cd4acde02f8580bb6b8', 0);


--
-- Data for Name: set_aside; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



--
-- Data for Name: store; Type: TABLE DATA; Schema: chirp_tables; Owner: postgres
--

INSERT INTO chirp_tables.store VALUES (1, 'f2739491-da61-4d40-a913-5b4a9601bb87');


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
INSERT INTO chirp_tables.timelines_1 VALUES (7, 18, 7, 18);
INSERT INTO chirp_tables.timelines_1 VALUES (5, 19, 5, 19);
INSERT INTO chirp_tables.timelines_1 VALUES (5, 20, 5, 15);


--
-- Data for Name: timelines_1_accounts; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.timelines_1_accounts VALUES (7, 2, 0, 0, 0);
INSERT INTO chirp_tables.timelines_1_accounts VALUES (1, 2, 2, 0, 0);
INSERT INTO chirp_tables.timelines_1_accounts VALUES (5, 0, 2, 0, 0);
INSERT INTO chirp_tables.timelines_1_accounts VALUES (3, 2, 2, 0, 0);


--
-- Data for Name: timelines_1_changes; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.timelines_1_changes VALUES (9, 6, 3, 1);
INSERT INTO chirp_tables.timelines_1_changes VALUES (10, 6, 5, 1);
INSERT INTO chirp_tables.timelines_1_changes VALUES (11, 6, 1, 3);
INSERT INTO chirp_tables.timelines_1_changes VALUES (12, 6, 5, 3);
INSERT INTO chirp_tables.timelines_1_changes VALUES (13, 6, 1, 7);
INSERT INTO chirp_tables.timelines_1_changes VALUES (14, 6, 3, 7);
INSERT INTO chirp_tables.timelines_1_changes VALUES (15, 1, 1, 15);
INSERT INTO chirp_tables.timelines_1_changes VALUES (16, 1, 3, 16);
INSERT INTO chirp_tables.timelines_1_changes VALUES (17, 1, 3, 17);
INSERT INTO chirp_tables.timelines_1_changes VALUES (18, 1, 7, 18);
INSERT INTO chirp_tables.timelines_1_changes VALUES (19, 1, 5, 19);
INSERT INTO chirp_tables.timelines_1_changes VALUES (20, 4, 5, 15);


--
-- Data for Name: timelines_1_edges; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.timelines_1_edges VALUES (1, 1);
INSERT INTO chirp_tables.timelines_1_edges VALUES (3, 3);
INSERT INTO chirp_tables.timelines_1_edges VALUES (5, 5);
INSERT INTO chirp_tables.timelines_1_edges VALUES (1, 3);
INSERT INTO chirp_tables.timelines_1_edges VALUES (1, 5);
INSERT INTO chirp_tables.timelines_1_edges VALUES (7, 7);
INSERT INTO chirp_tables.timelines_1_edges VALUES (3, 1);
INSERT INTO chirp_tables.timelines_1_edges VALUES (3, 5);
INSERT INTO chirp_tables.timelines_1_edges VALUES (7, 1);
INSERT INTO chirp_tables.timelines_1_edges VALUES (7, 3);


--
-- Data for Name: timelines_1_kept; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.timelines_1_kept VALUES (1, 0);


--
-- Data for Name: timelines_1_reasons; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.timelines_1_reasons VALUES (1, 15, 15);
INSERT INTO chirp_tables.timelines_1_reasons VALUES (3, 16, 16);
INSERT INTO chirp_tables.timelines_1_reasons VALUES (3, 17, 17);
INSERT INTO chirp_tables.timelines_1_reasons VALUES (7, 18, 18);
INSERT INTO chirp_tables.timelines_1_reasons VALUES (5, 19, 19);
INSERT INTO chirp_tables.timelines_1_reasons VALUES (5, 20, 15);


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
-- Name: timelines_1_changes timelines_1_changes_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.timelines_1_changes
    ADD CONSTRAINT timelines_1_changes_pkey PRIMARY KEY (place);


--
-- Name: timelines_1_edges timelines_1_edges_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.timelines_1_edges
    ADD CONSTRAINT timelines_1_edges_pkey PRIMARY KEY (followee, follower);


--
-- Name: timelines_1_kept timelines_1_kept_pkey; Type: CONSTRAINT; Schema: chirp_tables; Owner: chirp_projector
--

ALTER TABLE ONLY chirp_tables.timelines_1_kept
    ADD CONSTRAINT timelines_1_kept_pkey PRIMARY KEY (id);


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
-- Name: TABLE timelines_1_changes; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.timelines_1_changes TO chirp_query;


--
-- Name: TABLE timelines_1_edges; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.timelines_1_edges TO chirp_query;


--
-- Name: TABLE timelines_1_kept; Type: ACL; Schema: chirp_tables; Owner: chirp_projector
--

GRANT SELECT ON TABLE chirp_tables.timelines_1_kept TO chirp_query;


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

\unrestrict uS1CNL7HH4Rfr8t9lXyW1yuNaCfDyICWUgnd4e5HmrBC2N9irDXFUUWyaIQSKDV

