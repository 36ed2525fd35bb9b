# What time brings on Redis, where Go servers, half-written tasks and crowds of due ones make it difficult.
windlass_test(redis_housekeeping_tests
  SOURCES redis_forward_test.cpp redis_recover_test.cpp
          ../support/child_process.cpp ../support/redis_server.cpp
  LAYERS broker_redis
  LABEL integration TIMEOUT 120)
