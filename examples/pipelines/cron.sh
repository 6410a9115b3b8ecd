#!/bin/sh
# Reviews the delivery of a day (today unless it is named), and prints only where somebody must look: cron mails that.
#
#     15 6 * * *  cd /srv/orders && ./cron.sh
#
# With SLACK_URL in the environment a message is sent too, when a claim changes its state.
set -u
day=${1:-$(date +%F)}
report=reports/$day
mkdir -p "$report" || exit 2

set -- --claims claims.yml --name "orders $day" --when "$day" --out "$report" --quiet
if [ -n "${SLACK_URL:-}" ]; then
    set -- "$@" --webhook '${SLACK_URL}' # heldout reads the variable: the address stands in no list of processes
fi
heldout review "$@" -- "deliveries/$day.parquet" > "$report/log.txt" 2>&1
code=$?

case $code in
0) exit 0 ;;
1) echo "orders $day: something is broken. See $report/review.html" ;;
3) echo "orders $day: could not be decided; is the delivery there and whole?" ;;
*) echo "orders $day: the review itself failed ($code)." ;;
esac
cat "$report/log.txt"
exit "$code"
