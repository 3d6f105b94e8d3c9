# The tests once more with other stores in front of the service.
.PHONY: test-pgbouncer test-redis-cluster

test-pgbouncer: install ## integration and journey tests with the service behind PgBouncer in transaction mode
	@TEST_POOLER=pgbouncer exec $(BUN) --no-env-file dev/run-tests.ts integration journey

test-redis-cluster: install ## the integration tests with a Redis Cluster of three nodes
	@exec $(BUN) --no-env-file test/support/run-with-redis-cluster.ts
