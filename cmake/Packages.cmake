# Three Debian packages of what Install.cmake installs, by CPack: the shared library, the files to develop with it, and the tool with
# its services. `make deb` makes them; tests/package/check-debs installs and removes them.
set(packaging ${PROJECT_SOURCE_DIR}/packaging)
# Until 1.0 a minor version may change the ABI, so it is part of the name, as of the soname.
set(library_package libwindlass${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

# Rules that only packages follow: `cmake --install` leaves them out.
function(windlass_package_files component destination)
  install(FILES ${ARGN} DESTINATION ${destination} COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()

string(TIMESTAMP debian_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${packaging}/debian/changelog.in packaging/changelog @ONLY)
execute_process(COMMAND gzip -9nkf ${CMAKE_CURRENT_BINARY_DIR}/packaging/changelog COMMAND_ERROR_IS_FATAL ANY)
set(documents ${packaging}/debian/copyright ${CMAKE_CURRENT_BINARY_DIR}/packaging/changelog.gz)
windlass_package_files(library /usr/share/doc/${library_package} ${documents})
windlass_package_files(development /usr/share/doc/libwindlass-dev ${documents})
windlass_package_files(tool /usr/share/doc/windlass ${documents})

foreach(service worker scheduler web exporter)
  windlass_package_files(tool /lib/systemd/system ${packaging}/systemd/windlass-${service}.service)
endforeach()
windlass_package_files(tool /usr/lib/sysusers.d ${packaging}/systemd/sysusers/windlass.conf)
windlass_package_files(tool /etc/windlass ${packaging}/systemd/windlass.conf)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME windlass)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "distributed task queue for C++")
set(CPACK_PACKAGE_CONTACT "The Windlass authors <windlass@users.noreply.github.com>")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_COMPONENTS_ALL library development tool)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
# /etc and /lib stay what they are.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${library_package})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${packaging}/debian/library/triggers)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "Clients put tasks into queues, servers run them. The store is an SQLite file or
Redis, where queues are shared with Go's Asynq. This is the shared library.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libwindlass-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
# What the static library is linked with.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "${library_package} (= ${PROJECT_VERSION}), libcctz-dev, libsqlite3-dev, libssl-dev, libyaml-cpp-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Headers for C++20, the static library, and what CMake and pkg-config need to
find them.")

set(CPACK_DEBIAN_TOOL_PACKAGE_NAME windlass)
set(CPACK_DEBIAN_TOOL_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_TOOL_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers, tzdata")
set(CPACK_DEBIAN_TOOL_PACKAGE_CONTROL_EXTRA ${packaging}/debian/tool/postinst ${packaging}/debian/tool/prerm
  ${packaging}/debian/tool/postrm ${packaging}/debian/tool/conffiles)
set(CPACK_COMPONENT_TOOL_DESCRIPTION "The command windlass enqueues tasks, runs commands as their handlers, shows and
steers queues. With it come services for systemd: worker, scheduler, dashboard
and metrics. None is started unless it is enabled.")
include(CPack)
