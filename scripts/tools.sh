# Tools that several scripts need besides Rust, to be sourced. Each function brings one where that is possible, names what is missing where it
# is not, and then fails.

BUF_VERSION=1.75.0

# install_debian PACKAGE...: those of them that are missing.
install_debian() {
    local package missing=()
    for package; do
        dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing ${missing[*]}" >&2
        # Another installation may be under way.
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null && return 0
    fi
    echo "missing, and cannot be installed: ${missing[*]} (Debian: apt-get install ${missing[*]})" >&2
    return 1
}

install_npm() {
    command -v npm >/dev/null || install_debian nodejs npm
}

# install_buf FOLDER: as FOLDER/node_modules/.bin/buf.
install_buf() {
    [ "$("$1/node_modules/.bin/buf" --version 2>/dev/null)" != "$BUF_VERSION" ] || return 0
    install_npm || return
    echo "installing buf $BUF_VERSION into $1" >&2
    mkdir -p "$1" && npm install --silent --no-fund --no-audit --no-save --prefix "$1" "@bufbuild/buf@$BUF_VERSION"
}

install_chromium() {
    command -v chromium >/dev/null || install_debian chromium
}
