# Deletes a temporary folder once its owner has ended, however it ended.
#
#   $1 the folder. Standard input: one process id a line, of those who still write there; it closes when the owner ends.
exec >/dev/null 2>&1
trap '' HUP INT TERM

writers=
while read -r writer; do
    writers="$writers $writer"
done

patience=200
for writer in $writers; do
    while [ "$patience" -gt 0 ] && kill -s 0 "$writer"; do
        patience=$((patience - 1))
        sleep 0.1
    done
done

# A writer that was killed may have children that take a moment longer: what they write meanwhile is deleted too.
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf -- "$1"
    [ -e "$1" ] || exit 0
    sleep 0.2
done
exit 1
