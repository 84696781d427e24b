# Sourced by scripts that need a PostgreSQL server to fill and to throw away.
#
#   start_postgres FOLDER    makes a cluster there, on a free port, or starts the one that is there, and sets $postgres (an
#                            address without a database) and $postgres_pid; $POSTGRES_SETTINGS are for the server
#   stop_postgres            ends it
#
# Installs Debian's package when initdb is missing and root allows it. A server refuses to run as root, so root runs it as the
# user that the package made.

postgres_bin() {
    local initdb
    initdb=$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)
    [ -n "$initdb" ] && dirname "$(readlink -f "$initdb")"
}

install_postgres() {
    [ -n "$(postgres_bin)" ] && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "== installing postgresql" >&2
        apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >&2
    fi
    [ -n "$(postgres_bin)" ] || {
        echo "PostgreSQL is missing; install its server (Debian: apt-get install postgresql)" >&2
        return 1
    }
}

# Runs a command as somebody who may run a server.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups "$@"; else "$@"; fi
}

start_postgres() {
    local folder=$1 bin port
    install_postgres
    bin=$(postgres_bin)
    if [ ! -d "$folder/data" ]; then
        mkdir -p "$folder"
        [ "$(id -u)" != 0 ] || chown postgres "$folder"
        as_postgres "$bin/initdb" -D "$folder/data" -U postgres --auth=trust -E UTF8 --locale=C --no-sync >"$folder/initdb.log"
        free_port >"$folder/port"
    fi
    port=$(cat "$folder/port")
    postgres=postgres://postgres@127.0.0.1:$port
    for _ in $(seq 20); do
        run_server "$folder" "$bin" "$port" && return
        # What a killed server started ends a moment later than the server.
        grep -q "still in use" "$folder/server.log" || break
        sleep 0.5
    done
    cat "$folder/server.log" >&2
    echo "PostgreSQL did not start" >&2
    return 1
}

# run_server FOLDER BIN PORT: sets $postgres_pid, and returns when it answers or has ended.
run_server() {
    # What is thrown away need not survive a power cut; a killed server loses nothing by it.
    (cd "$1" && exec_as_postgres "$2/postgres" -D "$1/data" -p "$3" -k "$1" -h 127.0.0.1 \
        -c fsync=off -c max_connections=400 -c shared_buffers=256MB -c log_min_messages=fatal \
        -c max_wal_size=4GB ${POSTGRES_SETTINGS:-}) >"$1/server.log" 2>&1 &
    postgres_pid=$!
    for _ in $(seq 600); do
        "$2/pg_isready" -q -h 127.0.0.1 -p "$3" && return
        kill -0 "$postgres_pid" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

exec_as_postgres() {
    if [ "$(id -u)" = 0 ]; then exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"; else exec "$@"; fi
}

free_port() {
    python3 - 2>/dev/null <<'PORT' || echo $((20000 + RANDOM % 20000))
import socket
with socket.socket() as taken:
    taken.bind(("127.0.0.1", 0))
    print(taken.getsockname()[1])
PORT
}

stop_postgres() {
    [ -n "${postgres_pid:-}" ] || return 0
    # SIGINT is its fast shutdown: it ends what is open.
    kill -INT "$postgres_pid" 2>/dev/null || true
    wait "$postgres_pid" 2>/dev/null || true
    postgres_pid=
}

# start_pgbouncer FOLDER PORT_OF_POSTGRES MODE: a PgBouncer before the server on that port, with pool_mode MODE; sets $pgbouncer (its
# host:port) and $pgbouncer_pid. Its settings are those of Debian's package but for the mode and how many sessions it may open.
start_pgbouncer() {
    local folder=$1 server_port=$2 mode=$3 port
    install_pgbouncer
    mkdir -p "$folder"
    port=$(free_port)
    printf '"%s" ""\n' postgres chirp_command chirp_projector chirp_query >"$folder/users"
    cat >"$folder/pgbouncer.ini" <<INI
[databases]
* = host=127.0.0.1 port=$server_port
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = trust
auth_file = $folder/users
pool_mode = $mode
default_pool_size = 40
max_client_conn = 200
INI
    [ "$(id -u)" != 0 ] || chown -R postgres "$folder"
    pgbouncer=127.0.0.1:$port
    (exec_as_postgres "$(command -v pgbouncer || echo /usr/sbin/pgbouncer)" "$folder/pgbouncer.ini") >"$folder/pgbouncer.log" 2>&1 &
    pgbouncer_pid=$!
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
        kill -0 "$pgbouncer_pid" 2>/dev/null || break
        sleep 0.1
    done
    cat "$folder/pgbouncer.log" >&2
    echo "PgBouncer did not start" >&2
    return 1
}

install_pgbouncer() {
    command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "== installing pgbouncer" >&2
        apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq pgbouncer >&2
    fi
    command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || {
        echo "PgBouncer is missing (Debian: apt-get install pgbouncer)" >&2
        return 1
    }
}
