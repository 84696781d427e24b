#!/usr/bin/env bash
# Chirp from a shell, with curl and jq: curl.sh 127.0.0.1:50050
set -euo pipefail
commands=http://$1/chirp.command.v1.CommandService queries=http://$1/chirp.query.v1.QueryService
# call METHOD REQUEST: the request is JSON, whose names need no quotes.
call() { curl -sS -H 'content-type: application/json' -d "$(jq -n "$2")" "$1"; }
register() {
    local handle=$1_$(date +%s%N)
    call "$commands/RegisterAccount" "{handle: \"$handle\", display_name: \"A\", kind: \"ACCOUNT_KIND_USER\"}"
}
post() { call "$commands/CreatePost" "{author_id: $ada, text: \"$1\"}"; }

ada=$(register ada | jq .accountId) bob=$(register bob | jq .accountId) # They stay in quotes.
call "$commands/FollowAccount" "{follower_id: $bob, followee_id: $ada}" >/dev/null
written=$(post one | jq .consistencyToken)
page=$(call "$queries/GetHomeTimeline" "{account_id: $bob, consistency: {at_least_as_fresh: $written}}")
echo "page: $(jq -r '.items[0].post.text' <<<"$page")"
token='""' # Where a call goes on; the first begins where the page ends.
for text in two three; do # Posted while no stream is open; told by the next.
    post "$text" >/dev/null
    home="{subscription_id: \"home\", home_timeline: {}, page_resume_token: $(jq .resumeToken <<<"$page")}"
    ticket=$(call "$queries/CreateSubscribeTicket" \
        "{viewer_account_id: $bob, resume_token: $token, subscriptions: [$home]}" | jq -r .ticket)
    # Server-sent events. jq ends at the first post, curl when it next writes: at a heartbeat at the latest.
    read -r message < <(curl -sSN "$queries/Subscribe?ticket=$ticket" | sed -un 's/^data: //p' |
        jq -nc 'first(inputs | select(.homeTimelineItem))')
    echo "stream: $(jq -r .homeTimelineItem.item.post.text <<<"$message")"
    token=$(jq .resumeToken <<<"$message")
done
echo "refused: $(post "" | jq -r '.details[] | select(.type == "google.rpc.ErrorInfo").debug.reason')"
