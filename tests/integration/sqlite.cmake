# The SQLite broker beside the things that happen to files, disks and processes.
windlass_test(sqlite_broker_tests
  SOURCES sqlite_enqueuer_test.cpp sqlite_open_test.cpp sqlite_process_test.cpp sqlite_trouble_test.cpp
  LAYERS broker
  LABEL integration TIMEOUT 120)

# What a server does not hold back it would have to keep.
windlass_test(back_pressure_tests
  SOURCES back_pressure_test.cpp
  LAYERS runtime broker
  LABEL integration TIMEOUT 120)
