# What the inspector sees and changes on Redis, where Redis' own order and other people's data make it difficult.
windlass_test(redis_inspect_tests
  SOURCES redis_listing_test.cpp redis_actions_test.cpp redis_groups_test.cpp
          ../support/child_process.cpp ../support/redis_server.cpp
  LAYERS broker_redis
  LABEL integration TIMEOUT 120)
