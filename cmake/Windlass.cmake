# Shared helpers: warnings, sanitizers, layers and tests.

add_library(windlass_warnings INTERFACE)
target_compile_options(windlass_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual -Wformat=2 -Werror=return-type
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  # g++ 12 sees an overlap in `"text" + std::string()` where there is none (GCC bug 105651), at -O2 and above.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-restrict>
  # Designated initializers that leave fields to their defaults are how this project fills small structs.
  -Wno-missing-field-initializers)

option(WINDLASS_WERROR "Treat warnings as errors" OFF)
if(WINDLASS_WERROR)
  target_compile_options(windlass_warnings INTERFACE -Werror)
endif()

if(WINDLASS_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(WINDLASS_SANITIZE STREQUAL "thread")
  # ThreadSanitizer does not know std::atomic_thread_fence, by which Asio frees what it counts references of.
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -DBOOST_ASIO_DISABLE_STD_ATOMIC
                      -DBOOST_ASIO_DISABLE_FENCED_BLOCK)
  add_link_options(-fsanitize=thread)
elseif(NOT WINDLASS_SANITIZE STREQUAL "")
  message(FATAL_ERROR "WINDLASS_SANITIZE must be empty, address or thread, not '${WINDLASS_SANITIZE}'")
endif()

find_program(WINDLASS_MOLD mold)
if(WINDLASS_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# windlass_layer(NAME SOURCES a.cpp ... [USES layer ...] [LINK lib ...])
#
# An object library windlass_NAME. USES names the layers whose headers it may include; LINK the outside libraries.
function(windlass_layer name)
  cmake_parse_arguments(L "" "" "SOURCES;USES;LINK" ${ARGN})
  add_library(windlass_${name} OBJECT ${L_SOURCES})
  target_include_directories(windlass_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(windlass_${name} PRIVATE windlass_warnings PUBLIC Threads::Threads ${L_LINK})
  set_property(TARGET windlass_${name} PROPERTY WINDLASS_USES "${L_USES}")
  set_property(GLOBAL APPEND PROPERTY WINDLASS_LAYERS windlass_${name})
  set_property(GLOBAL APPEND PROPERTY WINDLASS_LINK ${L_LINK})
endfunction()

# windlass_test(NAME SOURCES a.cpp ... LAYERS layer ... [LINK lib ...] [LABEL kind] [TIMEOUT seconds] [SERIAL] [ONE_PROCESS])
#
# A GoogleTest program NAME, one CTest case for each of its tests. LAYERS are the layers it is linked with; it may use all
# that those use, too. SERIAL: its tests take the whole machine (memory, disk, many processes) and run one at a time.
# ONE_PROCESS: one CTest case for all of them, because they share what takes long to start.
function(windlass_test name)
  cmake_parse_arguments(T "SERIAL;ONE_PROCESS" "LABEL;TIMEOUT" "SOURCES;LAYERS;LINK" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  windlass_collect_layers(layers ${T_LAYERS})
  target_link_libraries(${name} PRIVATE windlass_warnings ${layers} ${T_LINK} GTest::gmock GTest::gtest_main)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
  if(NOT T_LABEL)
    set(T_LABEL unit)
  endif()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 60)
  endif()
  set(properties LABELS ${T_LABEL} TIMEOUT ${T_TIMEOUT})
  if(T_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  if(T_ONE_PROCESS)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES ${properties})
    return()
  endif()
  gtest_discover_tests(${name} TEST_PREFIX "${name}." PROPERTIES ${properties} DISCOVERY_MODE PRE_TEST)
endfunction()

# The layers named and all that they use, each once.
function(windlass_collect_layers out)
  set(found "")
  set(todo ${ARGN})
  while(todo)
    list(POP_FRONT todo layer)
    if(NOT windlass_${layer} IN_LIST found)
      list(APPEND found windlass_${layer})
      get_target_property(uses windlass_${layer} WINDLASS_USES)
      if(uses)
        list(APPEND todo ${uses})
      endif()
    endif()
  endwhile()
  set(${out} ${found} PARENT_SCOPE)
endfunction()
