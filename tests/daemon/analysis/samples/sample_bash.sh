#!/usr/bin/env bash
# Keeps the last few backups of a folder.
set -euo pipefail

readonly KEEP=${KEEP:-7}

usage() {
    echo "usage: $0 SOURCE TARGET" >&2
    exit 2
}

log() {
    printf '%s %s\n' "$(date +%H:%M:%S)" "$*"
}

backup() {
    local source=$1 target=$2 name
    name="$(basename "$source")-$(date +%Y%m%d-%H%M%S).tar.gz"
    if ! tar -czf "$target/$name" -C "$(dirname "$source")" "$(basename "$source")"; then
        log "failed: $name"
        return 1
    fi
    log "made $name"
}

prune() {
    local target=$1 count=0 file
    for file in $(ls -1t "$target"); do
        count=$((count + 1))
        if [[ $count -gt $KEEP && $file == *.tar.gz ]]; then
            rm -f "$target/$file"
            log "removed $file"
        fi
    done
}

[[ $# -eq 2 ]] || usage
case $2 in
    /*) ;;
    *) usage ;;
esac
mkdir -p "$2"
backup "$1" "$2" && prune "$2"
while read -r line; do
    log "left: $line"
done < <(find "$2" -name '*.tar.gz' | sort)
