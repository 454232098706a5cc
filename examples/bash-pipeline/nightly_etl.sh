#!/bin/bash
# nightly_etl.sh — runs via cron

trails use "nightly-etl"   # loads permanent root context

# Each run is an ephemeral child — unique app_id, no file
eval $(trails run --name "us-east-$(date +%F)")

trails child-info --name "extract" | kubectl run ...
trails child-info --name "transform" | kubectl run ...
trails child-info --name "load" | kubectl run ...

trails wait --parent $TRAILS_CHILD_ID --all --timeout 7200
trails result '{"date": "'$(date +%F)'", "region": "us-east"}'
