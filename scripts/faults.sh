# What makes system calls fail and clocks jump, to be sourced: bring_faults installs it where that is possible.

bring_faults() {
    local clock=(/usr/lib/*/faketime/libfaketimeMT.so.1)
    if command -v strace >/dev/null && command -v taskset >/dev/null && [ -e "${clock[0]}" ]; then
        return
    fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing strace, libfaketime and util-linux" >&2
        apt-get update -qq && apt-get install -y -qq --no-install-recommends strace libfaketime util-linux >/dev/null
        return
    fi
    echo "strace, libfaketime or taskset is missing (Debian: apt-get install strace libfaketime util-linux)" >&2
    return 1
}
