#!/bin/bash
# nightly_etl.sh — runs via cron every night

# Try to resume existing context (from a previous incomplete run)
if trails context exists "nightly-etl"; then
    eval $(trails resume --name "nightly-etl")
    
    # Check if previous run completed
    STATUS=$(trails status --uuid $TRAILS_APP_ID --field status)
    if [ "$STATUS" = "done" ]; then
        trails context rm "nightly-etl"
        # Fall through to create new context
    else
        # Previous run still has running children — resume monitoring
        trails wait --parent $TRAILS_APP_ID --all --timeout 3600
        trails context rm "nightly-etl"
        exit 0
    fi
fi

# Fresh run
eval $(trails register --name "nightly-etl" --keep)

# Launch children...
trails child-info --name "extract" | kubectl run ...
trails child-info --name "transform" | kubectl run ...
trails child-info --name "load" | kubectl run ...

# Wait for completion
trails wait --parent $TRAILS_APP_ID --all --timeout 7200

# Clean up context
trails result '{"completed": true}'
trails context rm "nightly-etl"
