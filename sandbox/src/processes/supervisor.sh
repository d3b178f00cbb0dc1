# Runs one command, and ends it when standard input closes or says "kill".
#
#   $1 the signal that asks the command to end; $2 the seconds it is given; then the command.
#
# The owner holds the other end of standard input, so it closes however the owner ends, SIGKILL included. We lead
# our own process group: the last line takes everything in it, ourselves too.
# Standard output: first the command's process id, at the end its status. The command itself only has the log.
signal=$1
patience=$2
shift 2
exec 3<&0 </dev/null

"$@" >&2 3<&- &
command=$!
# Only now, because the command would inherit it: when the owner is gone, nobody reads what we say.
trap '' PIPE
trap 'kill -s "$signal" "$command"' HUP INT TERM
echo "$command"

(
    trap - HUP INT TERM
    read -r word <&3
    [ "$word" = kill ] && kill -s KILL "$command"
    kill -s "$signal" "$command" 2>/dev/null
    sleep "$patience"
    kill -s KILL 0
) >/dev/null &

# A signal ends `wait` early, so ask again until the command is really gone.
while :; do
    wait "$command"
    status=$?
    kill -s 0 "$command" 2>/dev/null || break
done
echo "$status"
kill -s KILL 0
