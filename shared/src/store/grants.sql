-- Who may do what. The roles belong to the whole server; they may log in once they have a password or the server trusts them.
DO $$
DECLARE
    wanted TEXT;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['chirp_command', 'chirp_projector', 'chirp_query'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- somebody else made it just now
            END;
        END IF;
    END LOOP;
END
$$;

-- The read tables belong to the projector, which fills new ones beside those that serve.
DO $$
DECLARE
    wanted TEXT;
BEGIN
    -- Whoever may not grant it may have it all the same.
    IF NOT pg_has_role(current_user, 'chirp_projector', 'MEMBER') THEN
        EXECUTE format('GRANT chirp_projector TO %I', current_user);
    END IF;
    GRANT USAGE, CREATE ON SCHEMA chirp_tables TO chirp_projector;
    FOR wanted IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'chirp_tables' AND tableowner <> 'chirp_projector' AND tablename <> 'store' LOOP
        EXECUTE format('ALTER TABLE chirp_tables.%I OWNER TO chirp_projector', wanted);
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION chirp_log.append_batch FROM PUBLIC;
GRANT USAGE ON SCHEMA chirp_log TO chirp_command, chirp_projector, chirp_query;
GRANT USAGE ON SCHEMA chirp_tables TO chirp_command, chirp_projector, chirp_query;

-- A command server appends, by the one function that can, and reads streams and checkpoints.
GRANT SELECT ON chirp_log.store, chirp_log.head, chirp_log.events, chirp_log.positions, chirp_log.requests TO chirp_command;
GRANT EXECUTE ON FUNCTION chirp_log.append_batch TO chirp_command;
GRANT SELECT ON chirp_tables.projections TO chirp_command;

-- A projector reads the log, without the requests and their answers, and writes the read tables.
GRANT SELECT ON chirp_log.store, chirp_log.head, chirp_log.events, chirp_log.positions TO chirp_projector;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA chirp_tables TO chirp_projector;
REVOKE INSERT, UPDATE, DELETE ON chirp_tables.store FROM chirp_projector;

-- A query server reads the read tables, the head, and the hash at each position, by which it knows tokens of a history that is gone.
GRANT SELECT ON ALL TABLES IN SCHEMA chirp_tables TO chirp_query;
GRANT SELECT (epoch, token_key, schema_version) ON chirp_log.store TO chirp_query;
GRANT SELECT (position, hash) ON chirp_log.head TO chirp_query;
GRANT SELECT ON chirp_log.positions TO chirp_query;

-- Every server reads who may call, and says since when it asks and on which day a key was used.
GRANT USAGE ON SCHEMA chirp_access TO chirp_command, chirp_projector, chirp_query;
GRANT SELECT ON chirp_access.api_keys, chirp_access.authenticating TO chirp_command, chirp_projector, chirp_query;
GRANT UPDATE (used_on) ON chirp_access.api_keys TO chirp_command, chirp_projector, chirp_query;
GRANT INSERT ON chirp_access.authenticating TO chirp_command, chirp_projector, chirp_query;
