windlass_test(cli_tests
  SOURCES cli_config_test.cpp cli_demo_test.cpp cli_enqueue_test.cpp cli_inspect_test.cpp cli_manual_test.cpp
          cli_trouble_test.cpp cli_usage_test.cpp cli_watch_test.cpp cli_work_test.cpp
          documents_test.cpp
  LAYERS exec mux
  LABEL integration
  TIMEOUT 180)
add_dependencies(cli_tests windlass_tool)
target_compile_definitions(cli_tests PRIVATE
  WINDLASS_TOOL="$<TARGET_FILE:windlass_tool>" WINDLASS_SOURCE_DIR="${PROJECT_SOURCE_DIR}")

windlass_test(cli_transfer_tests
  SOURCES cli_transfer_test.cpp ../support/child_process.cpp ../support/redis_server.cpp
  LAYERS exec mux redis api broker
  LABEL integration
  TIMEOUT 120)
add_dependencies(cli_transfer_tests windlass_tool)
target_compile_definitions(cli_transfer_tests PRIVATE WINDLASS_TOOL="$<TARGET_FILE:windlass_tool>")
