# In a real terminal; without sanitizers, which have nothing to find there that the unit tests of the dashboard do not reach.
if(WINDLASS_SANITIZE STREQUAL "")
  windlass_test(dash_tests
    SOURCES dash_test.cpp ../support/child_process.cpp ../support/redis_server.cpp
    LAYERS exec mux redis api broker
    LABEL integration
    TIMEOUT 180)
  add_dependencies(dash_tests windlass_tool)
  target_compile_definitions(dash_tests PRIVATE WINDLASS_TOOL="$<TARGET_FILE:windlass_tool>")
endif()
