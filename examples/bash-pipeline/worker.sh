#!/bin/sh
# Work that reports: some steps with progress, then a result. All it knows of TRAILS is TRAILS_INFO.
#
#   WORKER_STEPS   how many steps (3)
#   WORKER_PAUSE   seconds a step takes (1)
#   WORKER_FAIL    the step that goes wrong (none)
set -eu

steps=${WORKER_STEPS:-3}
step=1
while [ "$step" -le "$steps" ]; do
    sleep "${WORKER_PAUSE:-1}"
    if [ "$step" = "${WORKER_FAIL:-}" ]; then
        trails error "step $step of $steps went wrong" --detail "{\"step\":$step}"
        exit 1
    fi
    # Exit code 4 says that this app was cancelled: the work ends here. Any other failure costs visibility, not work.
    code=0
    trails status "{\"progress\":$(awk "BEGIN { print $step / ($steps + 1) }")}" || code=$?
    [ "$code" != 4 ] || exit 4
    step=$((step + 1))
done
trails result "{\"rows\":$((steps * 1000))}"
