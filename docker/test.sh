#!/usr/bin/env bash
# The conformance suite against brokers in containers, on the six images built from Debian packages (docker/debian):
# the second implementation, or version, behind every adapter. Redis is tested twice, as Redis and as Valkey. Uses the engine that answers, or starts one of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${1:-}" != inside ]; then exec docker/engine.sh run docker/test.sh inside; fi
docker/debian/build.sh
export BROKERS=docker
export ANYTOPIC_NATS_IMAGE=anytopic/nats:debian
export ANYTOPIC_RABBITMQ_IMAGE=anytopic/rabbitmq:debian
export ANYTOPIC_REDIS_IMAGE=anytopic/redis:debian
export ANYTOPIC_AWS_IMAGE=anytopic/moto:debian
export ANYTOPIC_GCP_IMAGE=anytopic/pstest:debian
npm run test:unit -- conformance.test.ts containers.test.ts publisher-headers.test.ts --project nats --project rabbitmq --project redis --project aws --project gcp --project docker
ANYTOPIC_REDIS_IMAGE=anytopic/valkey:debian npm run test:unit -- conformance.test.ts --project redis
