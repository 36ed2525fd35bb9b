#!/bin/sh
# A worker without a line of C++: any command is a handler. WINDLASS_BROKER names the store.
set -eu

# docs: enqueue
windlass enqueue count 'a line
another line' --retention 1h --id count-1
windlass enqueue greet '{"name":"Ada"}' --max-retry 3 --header lang=en --id greet-1
windlass enqueue greet 'nobody' --header lang=en --id greet-2
# docs: end

# docs: work
# Standard input is the payload, standard output the result. Exit 0: done; 76: never; anything else: again, by the retry rules.
windlass work --until-empty --concurrency 2 \
  --exec 'count=wc -l' \
  --exec 'greet=sh -c "read -r payload; case $payload in *name*) echo hello in $WINDLASS_HEADER_LANG;; *) exit 76;; esac"'
# docs: end

windlass task inspect count-1
windlass task ls --state archived
