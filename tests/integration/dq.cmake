# dq beside real beanstalkd and Redis servers.
set(dq_support ../support/beanstalkd.cpp ../support/child_process.cpp ../support/redis_server.cpp)
windlass_test(dq_tests
  SOURCES dq_consumer_test.cpp dq_producer_test.cpp ${dq_support}
  LAYERS dq broker
  LABEL integration TIMEOUT 120)

add_executable(dq_peer dq_peer.cpp)
target_link_libraries(dq_peer PRIVATE windlass::windlass windlass_warnings)

windlass_test(dq_process_tests
  SOURCES dq_cli_test.cpp dq_fault_test.cpp dq_trouble_test.cpp ${dq_support}
  LAYERS dq broker exec mux
  LABEL integration TIMEOUT 180)
add_dependencies(dq_process_tests dq_peer windlass_tool)
target_compile_definitions(dq_process_tests PRIVATE
  WINDLASS_TOOL="$<TARGET_FILE:windlass_tool>" WINDLASS_DQ_PEER="$<TARGET_FILE:dq_peer>"
  WINDLASS_EXAMPLES="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
if(WINDLASS_BUILD_EXAMPLES)
  add_dependencies(dq_process_tests example_dq_consumer example_dq_producer)
endif()

# 20,000 messages with delays of up to 20 s, while nodes, consumers and Redis are killed; and Redis away for 30 s:
# ctest --test-dir build/dev -C long -R dq_long -V
add_test(NAME dq_long.fault_run COMMAND dq_process_tests --gtest_filter=DqFaultRun.*:DqTrouble.WhileRedisIsAway* CONFIGURATIONS long)
set_tests_properties(dq_long.fault_run PROPERTIES LABELS "integration;long" TIMEOUT 600 ENVIRONMENT WINDLASS_DQ_MESSAGES=20000)
