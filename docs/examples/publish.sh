#!/usr/bin/env bash
# Publishes one article to Courant's bus as JSON, with bash alone: the protocol of NATS is text.
# Usage: publish.sh HOST PORT
set -euo pipefail

article='{"url": "https://example.com/ferry", "title": "Ferry aground",
  "text": "A ferry ran aground off the northern breakwater on Sunday, and everybody was saved.",
  "submission_id": "shell-1", "observed_at": "'$(date -u +%Y-%m-%dT%H:%M:%SZ)'"}'
headers=$'NATS/1.0\r\nContent-Type: application/json\r\nNats-Msg-Id: shell-1\r\n\r\n'
export LC_ALL=C # lengths in bytes

exec 3<>"/dev/tcp/$1/$2"
printf 'CONNECT {"verbose": false, "headers": true}\r\nSUB answer 1\r\n' >&3
printf 'HPUB courant.entry.submitted answer %d %d\r\n%s%s\r\n' \
  "${#headers}" $((${#headers} + ${#article})) "$headers" "$article" >&3
while read -r -t 10 line <&3; do
  case $line in
    '{"stream"'*) echo "kept: $line"; exit ;;
    '{"error"'* | -ERR*) echo "not kept: $line" >&2; exit 1 ;;
  esac
done
echo "no answer: is there a stream COURANT_ENTRY?" >&2
exit 1
