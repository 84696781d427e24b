# Sourced by scripts that run the three roles as processes of their own on one store.
#
# Always: ports are picked by the system the first time and kept when a role starts again; whatever was started is ended by
# its process id.

readonly CHIRP=${CHIRP:-target/debug/chirp}
readonly START_SECONDS=60
declare -A pid=() address=()

# start_role ROLE LISTEN_FLAG FOLDER: on the store in $STORE, or one in the folder; sets ${pid[ROLE]} and ${address[ROLE]},
# from the line in which it says where it is.
start_role() {
    local role=$1 flag=$2 folder=$3 said=$3/$1.log create=()
    : >"$said"
    # The one role that makes a folder, when it is told to.
    [ "$role" != command-server ] || [ -n "${STORE:-}" ] || create=(--create)
    "$CHIRP" "$role" --store "${STORE:-$folder/store}" "${create[@]}" "$flag" "${address[$role]:-127.0.0.1:0}" 2>"$said" >/dev/null &
    pid[$role]=$!
    for _ in $(seq $((START_SECONDS * 10))); do
        address[$role]=$(grep -o '"address":"[^"]*"' "$said" | head -n 1 | cut -d '"' -f 4 || true)
        [ -n "${address[$role]}" ] && return
        kill -0 "${pid[$role]}" 2>/dev/null || { cat "$said" >&2; echo "chirp $role ended" >&2; return 1; }
        sleep 0.1
    done
    echo "chirp $role did not say where it is after $START_SECONDS s" >&2
    return 1
}

# stop_role ROLE SIGNAL
stop_role() {
    kill "$2" "${pid[$1]}" 2>/dev/null || true
    wait "${pid[$1]}" 2>/dev/null || true
}

# The most memory that a role has had, in kB.
peak_of() { awk '/^VmHWM/ { print $2 }' "/proc/${pid[$1]}/status"; }
