# What `cmake --install` puts where: the headers, the library (static, and shared where it is built), its CMake package, its pkg-config
# file, and the tool.
#
# find_package(windlass) gives windlass::windlass: the shared library where BUILD_SHARED_LIBS is on, else the static one, and both by
# the names windlass::shared and windlass::static.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/windlass)
set(libraries windlass)
set_target_properties(windlass PROPERTIES EXPORT_NAME static)
if(TARGET windlass_shared)
  list(APPEND libraries windlass_shared)
  set_target_properties(windlass_shared PROPERTIES EXPORT_NAME shared)
endif()

install(TARGETS ${libraries} EXPORT windlass
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT windlass NAMESPACE windlass:: FILE windlass-targets.cmake DESTINATION ${package_dir} COMPONENT development)

# Until 1.0 a minor version may change the API.
configure_package_config_file(cmake/windlass-config.cmake.in windlass-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(windlass-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/windlass-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/windlass-config-version.cmake
  DESTINATION ${package_dir} COMPONENT development)

# The folder may be chosen, or change, after this.
file(RELATIVE_PATH prefix_from_pc ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/windlass.pc.in windlass.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/windlass.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

if(TARGET windlass_tool)
  install(TARGETS windlass_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tool)
  # What the tool says of itself: its manual page and what shells need to complete its command lines.
  function(windlass_install_output file destination)
    set(made ${CMAKE_CURRENT_BINARY_DIR}/manual/${file})
    list(JOIN ARGN "\" \"" arguments)
    install(CODE "file(MAKE_DIRECTORY \"${CMAKE_CURRENT_BINARY_DIR}/manual\")
      execute_process(COMMAND \"$<TARGET_FILE:windlass_tool>\" \"${arguments}\" OUTPUT_FILE \"${made}\" COMMAND_ERROR_IS_FATAL ANY)"
      COMPONENT tool)
    if(destination MATCHES "/man1$")
      install(CODE "execute_process(COMMAND gzip -9nf \"${made}\" COMMAND_ERROR_IS_FATAL ANY)" COMPONENT tool)
      string(APPEND made ".gz")
    endif()
    install(FILES ${made} DESTINATION ${destination} COMPONENT tool)
  endfunction()
  windlass_install_output(windlass.1 ${CMAKE_INSTALL_MANDIR}/man1 man)
  windlass_install_output(windlass ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
  windlass_install_output(_windlass ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)
  windlass_install_output(windlass.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d completion fish)
endif()
