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
