add_executable(process_test_server process_handlers.cpp process_server.cpp)
windlass_collect_layers(process_test_layers api broker exec)
target_link_libraries(process_test_server PRIVATE windlass_warnings ${process_test_layers})
target_include_directories(process_test_server PRIVATE ${PROJECT_SOURCE_DIR}/tests)

windlass_test(process_tests
  SOURCES process_cgroup_test.cpp process_command_test.cpp process_crash_test.cpp process_handlers.cpp process_main.cpp process_pool_test.cpp process_server_test.cpp
          process_stop_test.cpp process_talk_test.cpp ../support/child_process.cpp
  LAYERS api broker exec
  LABEL integration
  TIMEOUT 120)
add_dependencies(process_tests process_test_server)
target_compile_definitions(process_tests PRIVATE WINDLASS_PROCESS_SERVER="$<TARGET_FILE:process_test_server>")
