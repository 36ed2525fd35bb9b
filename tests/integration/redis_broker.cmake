# The Redis broker beside real servers: what goes wrong there, sentinels, clusters.
windlass_test(redis_broker_tests
  SOURCES redis_broker_open_test.cpp redis_broker_trouble_test.cpp redis_broker_proxy_test.cpp redis_broker_waiting_test.cpp
          redis_broker_foreign_test.cpp redis_wrong_types_test.cpp
          redis_broker_load_test.cpp redis_broker_topology_test.cpp
          redis_durability_test.cpp
          ../support/child_process.cpp ../support/redis_server.cpp ../support/tcp_proxy.cpp
  LAYERS broker api mux
  LABEL integration TIMEOUT 240)

windlass_test(cli_redis_tests
  SOURCES cli_redis_test.cpp cli_asynq_test.cpp ../support/child_process.cpp ../support/redis_server.cpp
  LAYERS exec mux redis api broker
  LABEL integration TIMEOUT 120)
add_dependencies(cli_redis_tests windlass_tool windlass_clock_shim)
target_compile_definitions(cli_redis_tests PRIVATE
  WINDLASS_TOOL="$<TARGET_FILE:windlass_tool>" WINDLASS_SOURCE_DIR="${PROJECT_SOURCE_DIR}" WINDLASS_CLOCK_SHIM="$<TARGET_FILE:windlass_clock_shim>")
