windlass_test(process_tests
  SOURCES process_crash_test.cpp process_handlers.cpp process_main.cpp ../support/child_process.cpp
  LAYERS api broker
  LABEL integration
  TIMEOUT 120)
