find_package(nlohmann_json REQUIRED)
windlass_test(telemetry_tests
  SOURCES cli_metrics_test.cpp cli_traces_test.cpp ${PROJECT_SOURCE_DIR}/tests/support/child_process.cpp
  LAYERS dq broker exec mux http_client
  LABEL integration
  TIMEOUT 120)
add_dependencies(telemetry_tests windlass_tool)
target_compile_definitions(telemetry_tests PRIVATE
  WINDLASS_TOOL="$<TARGET_FILE:windlass_tool>" WINDLASS_SOURCE_DIR="${PROJECT_SOURCE_DIR}")

# A Prometheus says nothing more of a build with sanitizers.
if(WINDLASS_SANITIZE STREQUAL "")
  windlass_test(monitoring_tests
    SOURCES monitoring_test.cpp ${PROJECT_SOURCE_DIR}/tests/support/child_process.cpp
    LAYERS exec mux http_client
    LINK nlohmann_json::nlohmann_json
    LABEL integration
    TIMEOUT 600)
  add_dependencies(monitoring_tests windlass_tool)
  target_compile_definitions(monitoring_tests PRIVATE
    WINDLASS_TOOL="$<TARGET_FILE:windlass_tool>" WINDLASS_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
endif()
