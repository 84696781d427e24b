--
-- PostgreSQL database dump
--

\restrict D63dnxxufwtiyWNNwwLm4JmiZMcqTzmCDVDmzkSprtgBHjMH9IZZ9cd4QH9qo5U

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
-- Name: append_batch(integer, bigint, chirp_log.expectation[], chirp_log.new_request[], chirp_log.new_event[]); Type: FUNCTION; Schema: chirp_log; Owner: postgres
--

CREATE FUNCTION chirp_log.append_batch(appends integer, now bigint, expected chirp_log.expectation[], requested chirp_log.new_request[], recorded chirp_log.new_event[]) RETURNS TABLE(append integer, "position" bigint, stream text, digest bytea, answer bytea)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'chirp_log', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
    head_position BIGINT;
    head_hash BYTEA;
    head_time BIGINT;
    time_field BYTEA;
    first_position BIGINT;
    refused BOOLEAN[] := array_fill(FALSE, ARRAY[appends]);
    reached BIGINT[] := array_fill(NULL::BIGINT, ARRAY[appends]);
    -- Of each event that is stored; nothing for the others.
    positions BIGINT[] := array_fill(NULL::BIGINT, ARRAY[cardinality(recorded)]);
    versions BIGINT[] := positions;
    hashes BYTEA[] := array_fill(NULL::BYTEA, ARRAY[cardinality(recorded)]);
    found RECORD;
BEGIN
    SELECT head.position, head.hash, head.recorded_at INTO head_position, head_hash, head_time
    FROM head WHERE id = 1 FOR UPDATE;
    first_position := head_position;
    head_time := greatest(head_time, now);
    time_field := field(head_time::TEXT::BYTEA);

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
    END LOOP;

    IF head_position > first_position THEN
        INSERT INTO events
        SELECT event.position, event.event_id, event.stream, event.version, event.type, event.schema_version,
               event.command_id, event.correlation_id, event.causation_id, event.principal, event.traceparent, head_time,
               event.payload, event.payload_digest, event.hash
        FROM ROWS FROM (UNNEST(recorded), UNNEST(positions, versions, hashes))
            AS event (append, event_id, stream, type, schema_version, command_id, correlation_id, causation_id, principal,
                      traceparent, payload, payload_digest, before_version, after_version, position, version, hash)
        WHERE event.position IS NOT NULL;
        UPDATE head SET position = head_position, hash = head_hash, recorded_at = head_time WHERE id = 1;
        -- Once in a batch, since it takes a lock of the whole server at commit.
        PERFORM pg_notify('chirp_log', head_position::TEXT);
    END IF;

    -- A command without events is answered with the head as it was in its turn.
    head_position := first_position;
    FOR turn IN 1..appends LOOP
        head_position := COALESCE(reached[turn], head_position);
        reached[turn] := head_position;
    END LOOP;
    INSERT INTO requests
    SELECT asked.principal, asked.request_id, asked.digest, reached[asked.append], asked.answer
    FROM UNNEST(requested) AS asked WHERE NOT refused[asked.append];

    RETURN QUERY
    SELECT stored.append::INT, stored.position, NULL::TEXT, NULL::BYTEA, NULL::BYTEA
    FROM UNNEST(reached) WITH ORDINALITY AS stored (position, append) WHERE NOT refused[stored.append];
END
$$;


ALTER FUNCTION chirp_log.append_batch(appends integer, now bigint, expected chirp_log.expectation[], requested chirp_log.new_request[], recorded chirp_log.new_event[]) OWNER TO postgres;

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
    failure text
);


ALTER TABLE chirp_tables.projections OWNER TO chirp_projector;

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

INSERT INTO chirp_log.events VALUES (1, '01a22d73-5cc1-7575-9555-9df0c7f7eacd', 'account-01a22d73-5cb1-7731-adf0-9c2e1b9f86bf', 1, 'account.registered', 1, '01a22d73-5cc1-7575-9555-9defc4a2b424', '01a22d73-5cb1-7731-adf0-9c2de33dd2c9', NULL, 'anonymous', NULL, 1796058864833183, '{"account_id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf","handle":"ada","kind":"user","personal":{"alg":"none","display_name":"Ada Lovelace","bio":"Notes on the Analytical Engine"}}', '\x14487f26e91d329f2476aa06e52ef3f2da4cefba9abcd6775fd44460658dc408', '\x8cbe50ce10b076a08ae29fd6300f367b7284400c055c45eb1aa072624e55dcce');
INSERT INTO chirp_log.events VALUES (2, '01a22d73-5cc1-7575-9555-9df1cfce117f', 'handle-ada', 1, 'handle.claimed', 1, '01a22d73-5cc1-7575-9555-9defc4a2b424', '01a22d73-5cb1-7731-adf0-9c2de33dd2c9', NULL, 'anonymous', NULL, 1796058864833183, '{"handle":"ada","account_id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf"}', '\x26146f0e7e01f72463710898068b726185d8f95abd0769bf0b09191e88f7e209', '\x8c636e5d3303c6c731e465247caad41bfddd235c8ebe6c331acf43b34f6b21b2');
INSERT INTO chirp_log.events VALUES (3, '01a22d73-5d9d-72d1-8dc3-5dc96600dfd1', 'account-01a22d73-5d5d-76e8-b08e-6370981380bb', 1, 'account.registered', 1, '01a22d73-5d9d-72d1-8dc3-5dc8d2c523bf', '01a22d73-5d5d-76e8-b08e-636f348adf48', NULL, 'anonymous', NULL, 1796058865053218, '{"account_id":"01a22d73-5d5d-76e8-b08e-6370981380bb","handle":"grace","kind":"user","personal":{"alg":"none","display_name":"Grace Hopper","bio":"Nanoseconds on request"}}', '\x881242f110cd189f518de1ae1ad8892830bb69e94ba227a855c2af6d73928382', '\x92584b11e49fe6cdf4057a03a97cce7a2feb6f0c5048852f34656440aa669dd8');
INSERT INTO chirp_log.events VALUES (4, '01a22d73-5d9d-72d1-8dc3-5dcaa7879592', 'handle-grace', 1, 'handle.claimed', 1, '01a22d73-5d9d-72d1-8dc3-5dc8d2c523bf', '01a22d73-5d5d-76e8-b08e-636f348adf48', NULL, 'anonymous', NULL, 1796058865053218, '{"handle":"grace","account_id":"01a22d73-5d5d-76e8-b08e-6370981380bb"}', '\xef69f4bae963b913c1a3690d451fab1ce09479d93367483719874ba1a93e935b', '\x350f5a1934c7600237fadf8c8d8e8a809cb2920b4ff3d0bda5c7aa3015822c73');
INSERT INTO chirp_log.events VALUES (5, '01a22d73-5e19-7269-9b93-61e1cf2881e3', 'account-01a22d73-5df1-75e9-8a6f-4f3ba1621938', 1, 'account.registered', 1, '01a22d73-5e19-7269-9b93-61e092fee1f0', '01a22d73-5df1-75e9-8a6f-4f3af1132d20', NULL, 'anonymous', NULL, 1796058865177186, '{"account_id":"01a22d73-5df1-75e9-8a6f-4f3ba1621938","handle":"linus","kind":"user","personal":{"alg":"none","display_name":"Linus","bio":"Just for fun"}}', '\xee0cf74aff826a983e9c2539573d04119048ee9f22f8d9e9267c4401d848fd4a', '\xefcabce179f54f4f43003a8e5bbf6ee17ee7a99e26cdd291025307bee4d036fb');
INSERT INTO chirp_log.events VALUES (6, '01a22d73-5e19-7269-9b93-61e2096bfd0c', 'handle-linus', 1, 'handle.claimed', 1, '01a22d73-5e19-7269-9b93-61e092fee1f0', '01a22d73-5df1-75e9-8a6f-4f3af1132d20', NULL, 'anonymous', NULL, 1796058865177186, '{"handle":"linus","account_id":"01a22d73-5df1-75e9-8a6f-4f3ba1621938"}', '\xda794297f3ce57e2756d917e3e2d04a05f2e5a8402a06f3607b90094f3864832', '\x4d2665351f4219067e162136e68843f53122229cdeb330a1cfeb1f6c46f84a45');
INSERT INTO chirp_log.events VALUES (7, '01a22d73-5e94-745a-8775-e4f0a046a65f', 'account-01a22d73-5e6d-74e1-8571-540598aa7228', 1, 'account.registered', 1, '01a22d73-5e89-75ec-9122-0687cab5befc', '01a22d73-5e6d-74e1-8571-5404c2b99c4b', NULL, 'anonymous', NULL, 1796058865300072, '{"account_id":"01a22d73-5e6d-74e1-8571-540598aa7228","handle":"compilers","kind":"organization","personal":{"alg":"none","display_name":"The Compiler Society","bio":"We read your code"}}', '\xda2777c9f3cd4792a39875bfa0e107350f8f04b28cfa5e7ea47b37b7deeafea5', '\x244fc164f580c08162295397b7e580a857b75405103102935e45174e0a9ee6ab');
INSERT INTO chirp_log.events VALUES (8, '01a22d73-5e94-745a-8775-e4f13525f4e7', 'handle-compilers', 1, 'handle.claimed', 1, '01a22d73-5e89-75ec-9122-0687cab5befc', '01a22d73-5e6d-74e1-8571-5404c2b99c4b', NULL, 'anonymous', NULL, 1796058865300072, '{"handle":"compilers","account_id":"01a22d73-5e6d-74e1-8571-540598aa7228"}', '\x471c2b267ac6806fd54444c2cf4bdc6c11eba40536186eb58790972236a864f7', '\xafacedf213c0269e4c872451d94fea15878e283c6d68ee3de3a591c84385507c');
INSERT INTO chirp_log.events VALUES (9, '01a22d73-5f75-73b8-aeef-3bd431745d63', 'follow-01a22d73-5d5d-76e8-b08e-6370981380bb-01a22d73-5cb1-7731-adf0-9c2e1b9f86bf', 1, 'follow.followed', 1, '01a22d73-5f75-73b8-aeef-3bd341a74639', '01a22d73-5ef6-706a-a705-efc66bd509fa', NULL, 'anonymous', NULL, 1796058865526012, '{"follower":{"id":"01a22d73-5d5d-76e8-b08e-6370981380bb","key":3},"followee":{"id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf","key":1},"followee_kind":"user"}', '\xa1b8761c5b3f340a657a3b708e89f2db04385977c219209d84fd270a070b20b6', '\x8e274a1acd09b3445cf269871b1bc9372cb8cd7a9e2bdeec3f4946b719611526');
INSERT INTO chirp_log.events VALUES (10, '01a22d73-6026-715e-bfcf-a33260772b65', 'follow-01a22d73-5df1-75e9-8a6f-4f3ba1621938-01a22d73-5cb1-7731-adf0-9c2e1b9f86bf', 1, 'follow.followed', 1, '01a22d73-6026-715e-bfcf-a331343117cc', '01a22d73-6011-70f6-9762-6d4fb3fcfe5e', NULL, 'anonymous', NULL, 1796058865702638, '{"follower":{"id":"01a22d73-5df1-75e9-8a6f-4f3ba1621938","key":5},"followee":{"id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf","key":1},"followee_kind":"user"}', '\x6404dc7d9058c2cbfbc2d328c17295c4a7b92a12afa1deeaf1bd5519b114349f', '\x84a37262793b883fe3c5aa084e3ac155b80bdf94594dd6a3478747b139fbe99b');
INSERT INTO chirp_log.events VALUES (11, '01a22d73-6049-757c-8c74-0f2b7136dcd1', 'follow-01a22d73-5cb1-7731-adf0-9c2e1b9f86bf-01a22d73-5d5d-76e8-b08e-6370981380bb', 1, 'follow.followed', 1, '01a22d73-6046-7533-9f43-441f7480619c', '01a22d73-6031-7717-bd7b-c885a3dcce0f', NULL, 'anonymous', NULL, 1796058865737263, '{"follower":{"id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf","key":1},"followee":{"id":"01a22d73-5d5d-76e8-b08e-6370981380bb","key":3},"followee_kind":"user"}', '\xd7899e8a48897a18c4e7cc9db7ebdc4492bdfd00d744f0d8f4a878515a38e427', '\x62afa179178e9a7e99b4893d33b88d37430d9ceed6adbce24cc6e338a72d7951');
INSERT INTO chirp_log.events VALUES (12, '01a22d73-6065-7008-a739-cdc49d271ab9', 'follow-01a22d73-5df1-75e9-8a6f-4f3ba1621938-01a22d73-5d5d-76e8-b08e-6370981380bb', 1, 'follow.followed', 1, '01a22d73-6061-76e0-91be-26b448b3decd', '01a22d73-6057-771f-819e-415d415d1fce', NULL, 'anonymous', NULL, 1796058865765090, '{"follower":{"id":"01a22d73-5df1-75e9-8a6f-4f3ba1621938","key":5},"followee":{"id":"01a22d73-5d5d-76e8-b08e-6370981380bb","key":3},"followee_kind":"user"}', '\xa6d072a54a60600bf1f50293cadabe5452bb1e04f74c5be9a59138568912f725', '\xee420df4272dc896495abda40dddb6c9f132366a2efab18052da9ca76ce8a13a');
INSERT INTO chirp_log.events VALUES (13, '01a22d73-60b1-7148-92e6-6666aae3a4e2', 'follow-01a22d73-5cb1-7731-adf0-9c2e1b9f86bf-01a22d73-5e6d-74e1-8571-540598aa7228', 1, 'follow.followed', 1, '01a22d73-60a9-7705-823d-8e2ff74c92dc', '01a22d73-609d-7525-bbfe-463325bfe0aa', NULL, 'anonymous', NULL, 1796058865841766, '{"follower":{"id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf","key":1},"followee":{"id":"01a22d73-5e6d-74e1-8571-540598aa7228","key":7},"followee_kind":"organization"}', '\x54d1662ba891ef65ada97df5750886ace895c7b84ed2f418ecf2f42682b3fac6', '\xd2171b2cd19323e619abb89f382ef0de611fcdded267316e1de605184ef9f949');
INSERT INTO chirp_log.events VALUES (14, '01a22d73-60d5-742c-a916-8f0d30beeef7', 'follow-01a22d73-5d5d-76e8-b08e-6370981380bb-01a22d73-5e6d-74e1-8571-540598aa7228', 1, 'follow.followed', 1, '01a22d73-60cd-779c-96a9-9d226151e201', '01a22d73-60c2-741c-9ccf-53ba1d92f833', NULL, 'anonymous', NULL, 1796058865877097, '{"follower":{"id":"01a22d73-5d5d-76e8-b08e-6370981380bb","key":3},"followee":{"id":"01a22d73-5e6d-74e1-8571-540598aa7228","key":7},"followee_kind":"organization"}', '\xc60e326cf35d10a94ab4600f3523c9759a7d225a591830151425cbf84a98ff16', '\x9d1564517abfd06dea3ff673fcef9c1d555ced3b89b55e5322b9b4319bf32160');
INSERT INTO chirp_log.events VALUES (15, '01a22d73-60ed-7228-a358-8e3f1e42fe91', 'post-01a22d73-60ed-7228-a358-8e3d810efa9a', 1, 'post.created', 1, '01a22d73-60ed-7228-a358-8e3ed5815a9e', '01a22d73-60ed-7228-a358-8e3c3bfbe3c8', NULL, 'anonymous', NULL, 1796058865901544, '{"post_id":"01a22d73-60ed-7228-a358-8e3d810efa9a","author":{"id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf","key":1},"mentions":[],"hashtags":["engines"],"personal":{"alg":"none","text":"The engine can weave algebra as the loom weaves flowers. #engines"}}', '\xdf01f5d55f9cef4730b5edf005acf0d72155fe1668e6bca9c46937fa5aff42cb', '\x5a838d147fd875b910f2c7e15da3610549253051be62f05ada32529bf9168340');
INSERT INTO chirp_log.events VALUES (16, '01a22d73-6135-750e-9c1f-37d86fe3eb07', 'post-01a22d73-6109-726a-8b8b-c8ede7f2471c', 1, 'post.created', 1, '01a22d73-6135-750e-9c1f-37d7bd4795cd', '01a22d73-6109-726a-8b8b-c8ec898a1141', NULL, 'anonymous', NULL, 1796058865973391, '{"post_id":"01a22d73-6109-726a-8b8b-c8ede7f2471c","author":{"id":"01a22d73-5d5d-76e8-b08e-6370981380bb","key":3},"reply_to":{"post":{"id":"01a22d73-60ed-7228-a358-8e3d810efa9a","key":15},"author":{"id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf","key":1}},"mentions":[{"id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf","key":1}],"hashtags":[],"personal":{"alg":"none","text":"And who writes it down for the loom, @ada?"}}', '\x3c4756adeb5dcdd631d98b1d81d22d32f34b6a310f60482beb59b0e9adea0ca1', '\xf4d76639a7e9cc5f8939dbcef602fe57657cc77d6d5225fd7fc699f2ad9b9797');
INSERT INTO chirp_log.events VALUES (17, '01a22d73-614d-749d-b58e-79c74b54d0a5', 'post-01a22d73-614d-749d-b58e-79c50339970a', 1, 'post.created', 1, '01a22d73-614d-749d-b58e-79c6556f8d76', '01a22d73-614d-749d-b58e-79c448fabe90', NULL, 'anonymous', NULL, 1796058865997330, '{"post_id":"01a22d73-614d-749d-b58e-79c50339970a","author":{"id":"01a22d73-5d5d-76e8-b08e-6370981380bb","key":3},"mentions":[],"hashtags":["compilers"],"personal":{"alg":"none","text":"A compiler is a librarian who reads for you. #compilers"}}', '\x906c92ac6f6da73c13578745c4fe3e72cebb412799e56e4d45bbfe7476554514', '\xe0f72b1e1bea13d6306ef81b47db418945bef797fed64db9217c013f0df3ac07');
INSERT INTO chirp_log.events VALUES (18, '01a22d73-6191-77bd-a9d1-76e8075a86f2', 'post-01a22d73-6161-77b3-9a4d-40c6c1fadbe1', 1, 'post.created', 1, '01a22d73-6178-70d8-8776-3563ff9e95d5', '01a22d73-6161-77b3-9a4d-40c5f43d4b7f', NULL, 'anonymous', NULL, 1796058866065050, '{"post_id":"01a22d73-6161-77b3-9a4d-40c6c1fadbe1","author":{"id":"01a22d73-5e6d-74e1-8571-540598aa7228","key":7},"quoted":{"post":{"id":"01a22d73-614d-749d-b58e-79c50339970a","key":17},"author":{"id":"01a22d73-5d5d-76e8-b08e-6370981380bb","key":3}},"mentions":[{"id":"01a22d73-5d5d-76e8-b08e-6370981380bb","key":3}],"hashtags":[],"personal":{"alg":"none","text":"Our motto for this year, thanks to @grace"}}', '\x4f9262398dcafb89de5a4e22544943bf8ec29abc6603981a6818ff5ef2eda818', '\x34c9c9baf505c93dedd57ce3ace566d6d0fdfb18e3e0c3792b3ce799cffb33ab');
INSERT INTO chirp_log.events VALUES (19, '01a22d73-61b9-7184-b742-ddc4d83b6f65', 'post-01a22d73-61b9-7184-b742-ddc2d822e8ae', 1, 'post.created', 1, '01a22d73-61b9-7184-b742-ddc39ff8f49d', '01a22d73-61b9-7184-b742-ddc1f39f68b6', NULL, 'anonymous', NULL, 1796058866105577, '{"post_id":"01a22d73-61b9-7184-b742-ddc2d822e8ae","author":{"id":"01a22d73-5df1-75e9-8a6f-4f3ba1621938","key":5},"mentions":[],"hashtags":[],"personal":{"alg":"none","text":"It compiles, so it must be right"}}', '\x7bbe5333eeeeb9ae002b3a1b7838bfb346e6716736678542e5a0fc2e497d3def', '\x0d23885ea84a7a73b0b0b7c7b6970ba32ed2921f56b79d0209037862d191e238');
INSERT INTO chirp_log.events VALUES (20, '01a22d73-6249-762e-9a08-aafe30811bb5', 'repost-01a22d73-5df1-75e9-8a6f-4f3ba1621938-01a22d73-60ed-7228-a358-8e3d810efa9a', 1, 'repost.added', 1, '01a22d73-6249-762e-9a08-aafd6b3acdc7', '01a22d73-6205-737c-a40b-33c1f9a7efa5', NULL, 'anonymous', NULL, 1796058866249358, '{"account":{"id":"01a22d73-5df1-75e9-8a6f-4f3ba1621938","key":5},"post":{"id":"01a22d73-60ed-7228-a358-8e3d810efa9a","key":15},"post_author":{"id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf","key":1}}', '\xd72ccaa5564cf71749e59d49e3f1929438b751757a9130194e18575609712bcb', '\x335d2b84cfc302bd6bd432d1554a80107da5f8cd1b9eb7298aac1906f2f67d50');
INSERT INTO chirp_log.events VALUES (21, '01a22d73-62c1-7392-a123-eadd1930a36d', 'like-01a22d73-5d5d-76e8-b08e-6370981380bb-01a22d73-60ed-7228-a358-8e3d810efa9a', 1, 'like.added', 1, '01a22d73-62b9-74a1-8005-c13fbbba6805', '01a22d73-62b1-70c0-819f-b73ff70088ef', NULL, 'anonymous', NULL, 1796058866369097, '{"account":{"id":"01a22d73-5d5d-76e8-b08e-6370981380bb","key":3},"post":{"id":"01a22d73-60ed-7228-a358-8e3d810efa9a","key":15},"post_author":{"id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf","key":1}}', '\x878418e50b7111ae02350ba29d832e1e20c13dc6b1e4e2d9133f86cbf1d1ab24', '\xcfc1412217c6ddcdf8ada03b856c0291f7bfecbdbc83c73e5ade324eb69d551b');
INSERT INTO chirp_log.events VALUES (22, '01a22d73-6324-7675-a9a9-f001609109fb', 'like-01a22d73-5df1-75e9-8a6f-4f3ba1621938-01a22d73-60ed-7228-a358-8e3d810efa9a', 1, 'like.added', 1, '01a22d73-6324-7675-a9a9-f000f165efae', '01a22d73-6323-7526-a0d8-aabbb50aa85e', NULL, 'anonymous', NULL, 1796058866468647, '{"account":{"id":"01a22d73-5df1-75e9-8a6f-4f3ba1621938","key":5},"post":{"id":"01a22d73-60ed-7228-a358-8e3d810efa9a","key":15},"post_author":{"id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf","key":1}}', '\xd72ccaa5564cf71749e59d49e3f1929438b751757a9130194e18575609712bcb', '\x1da99a855727fa92a74be277214da97b13d37688c4d654cab601e165674e0ddd');
INSERT INTO chirp_log.events VALUES (23, '01a22d73-6389-73f1-82a7-68c401169b4d', 'like-01a22d73-5cb1-7731-adf0-9c2e1b9f86bf-01a22d73-6109-726a-8b8b-c8ede7f2471c', 1, 'like.added', 1, '01a22d73-6389-73f1-82a7-68c3f364f2c7', '01a22d73-6389-73f1-82a7-68c2aa71b751', NULL, 'anonymous', NULL, 1796058866569631, '{"account":{"id":"01a22d73-5cb1-7731-adf0-9c2e1b9f86bf","key":1},"post":{"id":"01a22d73-6109-726a-8b8b-c8ede7f2471c","key":16},"post_author":{"id":"01a22d73-5d5d-76e8-b08e-6370981380bb","key":3}}', '\xbfadf9e574d6d4edb6a04db0a306c6250fe19f601ab3fd81d50092bdeec183af', '\x1b388614187285935a4ab0cc6ee76e6369f09443134a9375b4bbf2e642a081b2');


--
-- Data for Name: head; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.head VALUES (1, 23, '\x1b388614187285935a4ab0cc6ee76e6369f09443134a9375b4bbf2e642a081b2', 1796058866569631);


--
-- Data for Name: requests; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.requests VALUES ('anonymous', '93dd0505-4ba5-57b8-a6dd-59024c6483f7', '\x53723b7e55ec521135b858af844606c59537b902c530b6cc8af2fab8197f88e5', 2, '\x7b226163636f756e74223a2230316132326437332d356362312d373733312d616466302d396332653162396638366266227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'ae3987de-92ad-5c3a-972f-07df5abcf5dc', '\x66726cb17abf18444ca7bb8dedddc92c6bb7171ccf4c8869498999c1dafef0b7', 4, '\x7b226163636f756e74223a2230316132326437332d356435642d373665382d623038652d363337303938313338306262227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '9cb37472-98d8-519e-b243-7aec55bab14e', '\xd39ff74d498d84f98b072aadc530240eb202c20a39e0cad3f1aaef7e7e41e8f3', 6, '\x7b226163636f756e74223a2230316132326437332d356466312d373565392d386136662d346633626131363231393338227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '455c530d-8932-533b-bd1f-c6e0a3e35fc4', '\x50a1f41f6771ccc9ce2995898993ab52fcbe44d6632e4b69b2c1644c63055245', 8, '\x7b226163636f756e74223a2230316132326437332d356536642d373465312d383537312d353430353938616137323238227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '76b1ec0f-b434-5d69-81b9-af2b790a52c9', '\x6b2bc8fb1553e428647295e1781984ec71da99530e443156102ab7b7bbb28e4b', 9, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '404655a0-7543-58fa-b376-9313d95e1bd8', '\x6dc204e0aa77b97b376d47d0899139905012c9734cd28ae5d7069c85bf616b5f', 10, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '18d7dfff-1254-5b81-a50a-214335bfa25b', '\x74d408f8908ce666eaf1b886a50776490e8b81607b66408c12877c52549cc421', 11, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '4b1ef414-d1ba-5aa9-8bb9-24199cc7833f', '\xd179af05c8c2c6c6eb9f9be8024f64c3912d9fcc15c55c34704bf78357f6d3f0', 12, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'd3f8f2c5-f384-5bf6-ac4f-c1fe2c3cf2e0', '\x7c15c6b33445c762ac400def07c6d12f55819611adb90f1b2afa7087e431a540', 13, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '97ed1219-2f66-562d-9c60-ca788cb73673', '\xb1556b6725297578bfe5a998668458f069f0400309d70c621ca6a8d5cdd44b28', 14, '\x22666f6c6c6f77696e6722');
INSERT INTO chirp_log.requests VALUES ('anonymous', '1b716997-1e3e-511e-b6aa-1cf1bce8043c', '\x11ac70fc6c85fc7803e970c3c819cc47e86bf442cd1fb2b5702048ab7a660b1d', 15, '\x7b22706f7374223a2230316132326437332d363065642d373232382d613335382d386533643831306566613961227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', '1c78fd1e-84d7-5c36-9b52-c2c3b8bfc38f', '\x3733f74549ccdd4e1f3fd42ce2e07ac0286a445741c93b414e967dcd0f98bc76', 16, '\x7b22706f7374223a2230316132326437332d363130392d373236612d386238622d633865646537663234373163227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'ad0d5ab0-043b-58c4-8cee-433201a4d305', '\x4bfbd4133f3c0f15d9ec8cd1ffb151a13b47148faffea4569b9a3346050fc71f', 17, '\x7b22706f7374223a2230316132326437332d363134642d373439642d623538652d373963353033333939373061227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'f77af79c-9e70-5a14-8891-4f5e9f668710', '\x0a0ecef32b6ece79ca4b1ca89e9f947de1864de3bfbca70f3ad62354ddbee51c', 18, '\x7b22706f7374223a2230316132326437332d363136312d373762332d396134642d343063366331666164626531227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'defe55c2-35d9-536d-aee6-4b0dc708e949', '\xce4fcbda3ea5e1c03c0bc792081a82ae7e3cef79bc5459d125ab0d23007183c5', 19, '\x7b22706f7374223a2230316132326437332d363162392d373138342d623734322d646463326438323265386165227d');
INSERT INTO chirp_log.requests VALUES ('anonymous', 'e971a355-302f-57a0-b9e5-507487194622', '\x1f9e4ec54dc4333c3b6ccf325eef62c9f0772384bcbbdb39acd1b7bd3d8acc49', 20, '\x22646f6e6522');
INSERT INTO chirp_log.requests VALUES ('anonymous', '1b759aff-0ab3-5748-b2d8-c3e801b4f6ba', '\x5483ea90730b5d3d8124189a375c6662e746d61121b954c8ab6d5225d6b9ee82', 21, '\x22646f6e6522');
INSERT INTO chirp_log.requests VALUES ('anonymous', '7b8f14b7-d234-5b6b-beeb-605f72968e72', '\x4c3b5019f15f5f0003daae67be45d17355b01821cb85b6597198019cd13953f2', 22, '\x22646f6e6522');
INSERT INTO chirp_log.requests VALUES ('anonymous', '1722187f-f4a3-58ae-903c-bda20a8fb414', '\xb25a0b11a804ba58f41e024cc266049340fab76b8404a529e080cb216af6eab6', 23, '\x22646f6e6522');


--
-- Data for Name: store; Type: TABLE DATA; Schema: chirp_log; Owner: postgres
--

INSERT INTO chirp_log.store VALUES (1, 1, 'd62a5628-d254-4b50-a737-43ff81e8d90e', '\xd896bf2a5dbbece6f4080e290d1d311da9658de686a4f8858d1ce4d5ab39f624');


--
-- Data for Name: activity_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.activity_1 VALUES (3, 9, 1, 1, 1796058865526012);
INSERT INTO chirp_tables.activity_1 VALUES (1, 11, 1, 3, 1796058865737263);
INSERT INTO chirp_tables.activity_1 VALUES (1, 13, 1, 7, 1796058865841766);
INSERT INTO chirp_tables.activity_1 VALUES (1, 15, 4, 15, 1796058865901544);
INSERT INTO chirp_tables.activity_1 VALUES (3, 14, 1, 7, 1796058865877097);
INSERT INTO chirp_tables.activity_1 VALUES (3, 16, 4, 16, 1796058865973391);
INSERT INTO chirp_tables.activity_1 VALUES (5, 10, 1, 1, 1796058865702638);
INSERT INTO chirp_tables.activity_1 VALUES (5, 12, 1, 3, 1796058865765090);
INSERT INTO chirp_tables.activity_1 VALUES (3, 17, 4, 17, 1796058865997330);
INSERT INTO chirp_tables.activity_1 VALUES (5, 19, 4, 19, 1796058866105577);
INSERT INTO chirp_tables.activity_1 VALUES (5, 20, 3, 15, 1796058866249358);
INSERT INTO chirp_tables.activity_1 VALUES (7, 18, 4, 18, 1796058866065050);
INSERT INTO chirp_tables.activity_1 VALUES (3, 21, 2, 15, 1796058866369097);
INSERT INTO chirp_tables.activity_1 VALUES (5, 22, 2, 15, 1796058866468647);
INSERT INTO chirp_tables.activity_1 VALUES (1, 23, 2, 16, 1796058866569631);


--
-- Data for Name: bookmarks_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--



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

INSERT INTO chirp_tables.hashtags_1 VALUES ('engines', 15);
INSERT INTO chirp_tables.hashtags_1 VALUES ('compilers', 17);


--
-- Data for Name: notifications_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.notifications_1 VALUES (1, 1, 0, 3, 9, 1796058865526012);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 1, 0, 5, 10, 1796058865702638);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 5, 16, 3, 16, 1796058865973391);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 1, 0, 1, 11, 1796058865737263);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 1, 0, 5, 12, 1796058865765090);
INSERT INTO chirp_tables.notifications_1 VALUES (7, 1, 0, 1, 13, 1796058865841766);
INSERT INTO chirp_tables.notifications_1 VALUES (7, 1, 0, 3, 14, 1796058865877097);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 4, 15, 5, 20, 1796058866249358);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 7, 18, 7, 18, 1796058866065050);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 3, 15, 3, 21, 1796058866369097);
INSERT INTO chirp_tables.notifications_1 VALUES (1, 3, 15, 5, 22, 1796058866468647);
INSERT INTO chirp_tables.notifications_1 VALUES (3, 3, 16, 1, 23, 1796058866569631);


--
-- Data for Name: notifications_1_changes; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.notifications_1_changes VALUES (9, 1, 1, 0);
INSERT INTO chirp_tables.notifications_1_changes VALUES (10, 1, 1, 0);
INSERT INTO chirp_tables.notifications_1_changes VALUES (16, 1, 5, 16);
INSERT INTO chirp_tables.notifications_1_changes VALUES (12, 3, 1, 0);
INSERT INTO chirp_tables.notifications_1_changes VALUES (14, 7, 1, 0);
INSERT INTO chirp_tables.notifications_1_changes VALUES (20, 1, 4, 15);
INSERT INTO chirp_tables.notifications_1_changes VALUES (18, 3, 7, 18);
INSERT INTO chirp_tables.notifications_1_changes VALUES (22, 1, 3, 15);
INSERT INTO chirp_tables.notifications_1_changes VALUES (23, 3, 3, 16);


--
-- Data for Name: notifications_1_groups; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 1, 0, 10);
INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 5, 16, 16);
INSERT INTO chirp_tables.notifications_1_groups VALUES (3, 1, 0, 12);
INSERT INTO chirp_tables.notifications_1_groups VALUES (7, 1, 0, 14);
INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 4, 15, 20);
INSERT INTO chirp_tables.notifications_1_groups VALUES (3, 7, 18, 18);
INSERT INTO chirp_tables.notifications_1_groups VALUES (1, 3, 15, 22);
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

INSERT INTO chirp_tables.posts_1 VALUES (15, '01a22d73-60ed-7228-a358-8e3d810efa9a', 1, 'The engine can weave algebra as the loom weaves flowers. #engines', NULL, NULL, NULL, 1796058865901544, NULL, false);
INSERT INTO chirp_tables.posts_1 VALUES (16, '01a22d73-6109-726a-8b8b-c8ede7f2471c', 3, 'And who writes it down for the loom, @ada?', 15, 1, NULL, 1796058865973391, NULL, false);
INSERT INTO chirp_tables.posts_1 VALUES (17, '01a22d73-614d-749d-b58e-79c50339970a', 3, 'A compiler is a librarian who reads for you. #compilers', NULL, NULL, NULL, 1796058865997330, NULL, false);
INSERT INTO chirp_tables.posts_1 VALUES (18, '01a22d73-6161-77b3-9a4d-40c6c1fadbe1', 7, 'Our motto for this year, thanks to @grace', NULL, NULL, 17, 1796058866065050, NULL, false);
INSERT INTO chirp_tables.posts_1 VALUES (19, '01a22d73-61b9-7184-b742-ddc2d822e8ae', 5, 'It compiles, so it must be right', NULL, NULL, NULL, 1796058866105577, NULL, false);


--
-- Data for Name: posts_1_changes; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.posts_1_changes VALUES (16, 15);
INSERT INTO chirp_tables.posts_1_changes VALUES (16, 16);
INSERT INTO chirp_tables.posts_1_changes VALUES (20, 15);
INSERT INTO chirp_tables.posts_1_changes VALUES (22, 15);
INSERT INTO chirp_tables.posts_1_changes VALUES (23, 16);


--
-- Data for Name: posts_1_kept; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.posts_1_kept VALUES (1, 0);


--
-- Data for Name: posts_1_likes; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.posts_1_likes VALUES (3, 15, 21);
INSERT INTO chirp_tables.posts_1_likes VALUES (5, 15, 22);
INSERT INTO chirp_tables.posts_1_likes VALUES (1, 16, 23);


--
-- Data for Name: posts_1_reposts; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.posts_1_reposts VALUES (5, 15, 20);


--
-- Data for Name: profiles_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.profiles_1 VALUES (1, '01a22d73-5cb1-7731-adf0-9c2e1b9f86bf', 'ada', 'Ada Lovelace', 'Notes on the Analytical Engine', false, false, true, 1796058864833183);
INSERT INTO chirp_tables.profiles_1 VALUES (3, '01a22d73-5d5d-76e8-b08e-6370981380bb', 'grace', 'Grace Hopper', 'Nanoseconds on request', false, false, true, 1796058865053218);
INSERT INTO chirp_tables.profiles_1 VALUES (5, '01a22d73-5df1-75e9-8a6f-4f3ba1621938', 'linus', 'Linus', 'Just for fun', false, false, true, 1796058865177186);
INSERT INTO chirp_tables.profiles_1 VALUES (7, '01a22d73-5e6d-74e1-8571-540598aa7228', 'compilers', 'The Compiler Society', 'We read your code', true, false, true, 1796058865300072);


--
-- Data for Name: projections; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.projections VALUES ('profiles_1', 23, 1, 0, NULL);
INSERT INTO chirp_tables.projections VALUES ('posts_1', 23, 1, 0, NULL);
INSERT INTO chirp_tables.projections VALUES ('graph_1', 23, 1, 0, NULL);
INSERT INTO chirp_tables.projections VALUES ('counts_1', 23, 1, 0, NULL);
INSERT INTO chirp_tables.projections VALUES ('bookmarks_1', 23, 1, 0, NULL);
INSERT INTO chirp_tables.projections VALUES ('hashtags_1', 23, 1, 0, NULL);
INSERT INTO chirp_tables.projections VALUES ('notifications_1', 23, 1, 0, NULL);
INSERT INTO chirp_tables.projections VALUES ('activity_1', 23, 1, 0, NULL);
INSERT INTO chirp_tables.projections VALUES ('timelines_1', 23, 1, 0, NULL);


--
-- Data for Name: store; Type: TABLE DATA; Schema: chirp_tables; Owner: postgres
--

INSERT INTO chirp_tables.store VALUES (1, 'd62a5628-d254-4b50-a737-43ff81e8d90e');


--
-- Data for Name: timelines_1; Type: TABLE DATA; Schema: chirp_tables; Owner: chirp_projector
--

INSERT INTO chirp_tables.timelines_1 VALUES (1, 15, 1, 15);
INSERT INTO chirp_tables.timelines_1 VALUES (1, 16, 3, 16);
INSERT INTO chirp_tables.timelines_1 VALUES (3, 15, 1, 15);
INSERT INTO chirp_tables.timelines_1 VALUES (3, 16, 3, 16);
INSERT INTO chirp_tables.timelines_1 VALUES (5, 15, 1, 15);
INSERT INTO chirp_tables.timelines_1 VALUES (5, 16, 3, 16);
INSERT INTO chirp_tables.timelines_1 VALUES (1, 17, 3, 17);
INSERT INTO chirp_tables.timelines_1 VALUES (1, 18, 7, 18);
INSERT INTO chirp_tables.timelines_1 VALUES (3, 17, 3, 17);
INSERT INTO chirp_tables.timelines_1 VALUES (3, 18, 7, 18);
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
INSERT INTO chirp_tables.timelines_1_edges VALUES (7, 7);
INSERT INTO chirp_tables.timelines_1_edges VALUES (1, 3);
INSERT INTO chirp_tables.timelines_1_edges VALUES (1, 5);
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
-- Name: FUNCTION append_batch(appends integer, now bigint, expected chirp_log.expectation[], requested chirp_log.new_request[], recorded chirp_log.new_event[]); Type: ACL; Schema: chirp_log; Owner: postgres
--

REVOKE ALL ON FUNCTION chirp_log.append_batch(appends integer, now bigint, expected chirp_log.expectation[], requested chirp_log.new_request[], recorded chirp_log.new_event[]) FROM PUBLIC;
GRANT ALL ON FUNCTION chirp_log.append_batch(appends integer, now bigint, expected chirp_log.expectation[], requested chirp_log.new_request[], recorded chirp_log.new_event[]) TO chirp_command;


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

\unrestrict D63dnxxufwtiyWNNwwLm4JmiZMcqTzmCDVDmzkSprtgBHjMH9IZZ9cd4QH9qo5U

