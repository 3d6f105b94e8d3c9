.PHONY: test-redis-cluster

test-redis-cluster: install ## the integration tests with a Redis Cluster of three nodes
	@exec $(BUN) --no-env-file test/support/run-with-redis-cluster.ts
