windlass_test(web_tests
  SOURCES web_access_test.cpp web_api_test.cpp web_live_test.cpp web_openapi_test.cpp web_trouble_test.cpp
  LAYERS web broker_memory
  LABEL integration
  TIMEOUT 120)
windlass_test(web_tool_tests
  SOURCES web_tool_test.cpp
  LAYERS exec mux
  LABEL integration
  TIMEOUT 60)
add_dependencies(web_tool_tests windlass_tool)
target_compile_definitions(web_tool_tests PRIVATE WINDLASS_TOOL="$<TARGET_FILE:windlass_tool>")
