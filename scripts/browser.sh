# A page for the test with a browser, and the same for Node, to be sourced: make_page FOLDER makes what the page is served from, and sets
# $page to it.
#
# Needs npm, and buf in $1/node_modules; installs the page's packages, and Chromium where that is possible.

. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

make_page() {
    local tools=$1 made=$1/browser
    install_chromium || return
    mkdir -p "$made/site"
    cp tests/browser/package.json tests/browser/*.js "$made/"
    cp tests/browser/index.html "$made/site/"
    npm install --silent --no-fund --no-audit --no-package-lock --prefix "$made"
    "$tools/node_modules/.bin/buf" generate --clean --template "{\"version\": \"v2\", \"plugins\":
        [{\"local\": \"$made/node_modules/.bin/protoc-gen-es\", \"out\": \"$made/generated\", \"opt\": \"target=js\"}]}"
    "$made/node_modules/.bin/esbuild" "$made/page.js" --bundle --format=esm --log-level=warning --outfile="$made/site/page.js"
    "$made/node_modules/.bin/esbuild" "$made/node.js" --bundle --format=esm --platform=node --log-level=warning \
        --banner:js='import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' \
        --outfile="$made/site/node.mjs"
    page=$PWD/$made/site
}
