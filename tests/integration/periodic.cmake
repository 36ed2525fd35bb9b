windlass_test(periodic_process_tests
  SOURCES periodic_cli_test.cpp periodic_examples_test.cpp periodic_schedulers_test.cpp periodic_service_test.cpp
          ${PROJECT_SOURCE_DIR}/tests/support/child_process.cpp
          ${PROJECT_SOURCE_DIR}/tests/support/redis_server.cpp
  LAYERS periodic broker exec
  LABEL integration
  TIMEOUT 180)
add_dependencies(periodic_process_tests windlass_tool)
target_compile_definitions(periodic_process_tests PRIVATE
  WINDLASS_TOOL="$<TARGET_FILE:windlass_tool>" WINDLASS_EXAMPLES="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
if(WINDLASS_BUILD_EXAMPLES)
  foreach(example database factory http memory msgpack static time_zone two_processes unique)
    add_dependencies(periodic_process_tests example_periodic_${example})
  endforeach()
endif()

# Five schedulers with 200 entries for a whole minute, on SQLite and on Redis: ctest --test-dir build/dev -C long -L long
add_test(NAME periodic_long.schedulers COMMAND periodic_process_tests --gtest_filter=*/Schedulers.Five* CONFIGURATIONS long)
set_tests_properties(periodic_long.schedulers PROPERTIES LABELS "integration;long" TIMEOUT 500 ENVIRONMENT WINDLASS_TICK_SECONDS=60)
