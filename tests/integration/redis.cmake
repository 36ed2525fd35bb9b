# The Redis client beside real servers.
windlass_test(redis_client_tests
  SOURCES redis_client_test.cpp redis_topology_test.cpp ../support/child_process.cpp ../support/redis_server.cpp
          ../support/tcp_proxy.cpp
  LAYERS redis
  LABEL integration TIMEOUT 240)
