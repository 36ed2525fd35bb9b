windlass_test(http_server_tests
  SOURCES http_server_test.cpp http_tls_test.cpp http_trouble_test.cpp
          ${PROJECT_SOURCE_DIR}/tests/support/child_process.cpp
          ${PROJECT_SOURCE_DIR}/tests/support/redis_server.cpp
  LAYERS http http_client redis
  LABEL integration
  TIMEOUT 120)
