#!/usr/bin/env bash
# Chirp from a shell, with buf curl and jq: buf-curl.sh 127.0.0.1:50050
set -euo pipefail
commands=http://$1/chirp.command.v1.CommandService queries=http://$1/chirp.query.v1.QueryService

# call METHOD REQUEST [FLAG]: the request is JSON, whose names need no quotes.
call() { buf curl --protocol grpc --http2-prior-knowledge "${@:3}" -d "$(jq -n "$2")" "$1"; }
register() {
    local handle=$1_$(date +%s%N)
    call "$commands/RegisterAccount" "{handle: \"$handle\", display_name: \"A\", kind: \"ACCOUNT_KIND_USER\"}"
}
post() { call "$commands/CreatePost" "{author_id: $ada, text: \"$1\"}" "${@:2}"; }

ada=$(register ada | jq .accountId) bob=$(register bob | jq .accountId) # They stay in quotes.
call "$commands/FollowAccount" "{follower_id: $bob, followee_id: $ada}" >/dev/null
written=$(post one | jq .consistencyToken)
page=$(call "$queries/GetHomeTimeline" "{account_id: $bob, consistency: {at_least_as_fresh: $written}}")
echo "page: $(jq -r '.items[0].post.text' <<<"$page")"
token=$(jq .resumeToken <<<"$page")
for text in two three; do # Posted while no stream is open; told by the next.
    post "$text" >/dev/null
    # jq ends at the first post, and buf when it next writes: at a heartbeat at the latest.
    read -r message < <(call "$queries/StreamHomeTimeline" "{account_id: $bob, resume_token: $token}" |
        jq -nc 'first(inputs | select(.item))')
    echo "stream: $(jq -r .item.item.post.text <<<"$message")"
    token=$(jq .resumeToken <<<"$message")
done
echo "refused: $(post "" --verbose 2>&1 | sed -n 's/.*X-Chirp-Error-Reason: //p')"
