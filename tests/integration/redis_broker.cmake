# The Redis broker beside real servers: what goes wrong there, sentinels, clusters.
windlass_test(redis_broker_tests
  SOURCES redis_broker_open_test.cpp redis_broker_trouble_test.cpp redis_broker_proxy_test.cpp redis_broker_waiting_test.cpp
          redis_broker_load_test.cpp redis_broker_topology_test.cpp
          ../support/child_process.cpp ../support/redis_server.cpp ../support/tcp_proxy.cpp
  LAYERS broker api mux
  LABEL integration TIMEOUT 240)
