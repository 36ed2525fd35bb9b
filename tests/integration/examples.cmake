if(WINDLASS_BUILD_EXAMPLES)
  windlass_test(example_tests
    SOURCES examples_test.cpp ${PROJECT_SOURCE_DIR}/tests/support/child_process.cpp ${PROJECT_SOURCE_DIR}/tests/support/redis_server.cpp
    LAYERS api broker exec
    LABEL integration TIMEOUT 60)
  add_dependencies(example_tests windlass_tool)
  foreach(example bulk_import email from_asynq monitoring nightly_report periodic_msgpack task_id_in_logs thumbnails transactional transcode webhook)
    add_dependencies(example_tests example_${example})
  endforeach()
  target_compile_definitions(example_tests PRIVATE WINDLASS_TOOL="$<TARGET_FILE:windlass_tool>"
    WINDLASS_EXAMPLES="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}" WINDLASS_SOURCE_DIR="${PROJECT_SOURCE_DIR}")

  windlass_test(quickstart_tests SOURCES quickstart_test.cpp LAYERS exec mux LABEL integration TIMEOUT 60)
  add_dependencies(quickstart_tests windlass_tool example_quickstart)
  target_compile_definitions(quickstart_tests PRIVATE
    WINDLASS_TOOL="$<TARGET_FILE:windlass_tool>" WINDLASS_QUICKSTART="$<TARGET_FILE:example_quickstart>")

  add_test(NAME example_payloads COMMAND example_payloads)
  set_tests_properties(example_payloads PROPERTIES
    LABELS integration TIMEOUT 60
    PASS_REGULAR_EXPRESSION "aGVsbG8.*107 bytes.Welcome.field 'cc.1.': expected string, got number.email:send")

  if(WINDLASS_SANITIZE STREQUAL "address")
    add_test(NAME example_isolation COMMAND ${CMAKE_COMMAND} -E echo
      "example_isolation: Skipped\nAddressSanitizer reserves terabytes of addresses, and the example limits its children to 512 MiB")
    set_tests_properties(example_isolation PROPERTIES LABELS integration SKIP_REGULAR_EXPRESSION ": Skipped")
  else()
    add_test(NAME example_isolation COMMAND example_isolation)
    set_tests_properties(example_isolation PROPERTIES
      LABELS integration TIMEOUT 60
      PASS_REGULAR_EXPRESSION "broken: archived handler process was ended by SIGSEGV.*good: completed")
  endif()

  add_test(NAME example_coroutine_fan_out COMMAND example_coroutine_fan_out)
  set_tests_properties(example_coroutine_fan_out PROPERTIES
    LABELS integration TIMEOUT 60 PASS_REGULAR_EXPRESSION "8 of 8 services answered.*1000 reminders")
  add_test(NAME example_coroutine_asio COMMAND example_coroutine_asio)
  set_tests_properties(example_coroutine_asio PROPERTIES LABELS integration TIMEOUT 60 PASS_REGULAR_EXPRESSION "the answer is 42")
endif()
