# cmake -D SOURCE=web -D BUILD=FOLDER -D NODE=node -D NPM=npm -P BuildWebApp.cmake
#
# Builds the app into BUILD/dist and writes BUILD/app_assets.cpp, which holds its files compressed: none, where npm cannot install
# what it needs. npm is asked to install only when the lock file is another than that of the last time.

set(dist ${BUILD}/dist)
set(lock ${SOURCE}/package-lock.json)
set(installed ${SOURCE}/node_modules/.windlass-lock)

function(run_or_fail folder result)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${folder} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT status EQUAL 0)
    message("${text}")
    set(${result} FALSE PARENT_SCOPE)
  else()
    set(${result} TRUE PARENT_SCOPE)
  endif()
endfunction()

file(SHA256 ${lock} wanted)
set(have "")
if(EXISTS ${installed})
  file(READ ${installed} have)
endif()
set(ready TRUE)
if(NOT have STREQUAL wanted)
  run_or_fail(${SOURCE} ready ${NPM} ci --no-audit --no-fund --loglevel=error)
  if(ready)
    file(WRITE ${installed} ${wanted})
  else()
    message(WARNING "npm could not install what the web dashboard is built with: `windlass web` will serve a plain page. "
                    "To try again: touch ${lock} and build.")
  endif()
endif()
file(REMOVE_RECURSE ${dist})
file(MAKE_DIRECTORY ${dist})
if(ready)
  run_or_fail(${SOURCE} built ${NODE} node_modules/vite/bin/vite.js build --outDir ${dist} --emptyOutDir --logLevel warn)
  if(NOT built)
    message(FATAL_ERROR "The web dashboard does not build.")
  endif()
endif()

set(types html "text/html" js "text/javascript" css "text/css" svg "image/svg+xml")
file(REMOVE_RECURSE ${BUILD}/gzip)
file(MAKE_DIRECTORY ${BUILD}/gzip)
file(GLOB_RECURSE files RELATIVE ${dist} ${dist}/*)
list(SORT files)
set(bytes "")
set(names "")
set(rows "")
set(number 0)
foreach(file IN LISTS files)
  get_filename_component(extension ${file} LAST_EXT)
  string(SUBSTRING ${extension} 1 -1 extension)
  list(FIND types ${extension} at)
  if(at EQUAL -1)
    message(FATAL_ERROR "cmake/BuildWebApp.cmake: what type has ${file}?")
  endif()
  math(EXPR at "${at} + 1")
  list(GET types ${at} type)
  if(type MATCHES "^text/")
    string(APPEND type "; charset=utf-8")
  endif()
  set(gzip ${BUILD}/gzip/${number}.gz)
  execute_process(COMMAND gzip -9 -n -c ${dist}/${file} OUTPUT_FILE ${gzip} COMMAND_ERROR_IS_FATAL ANY)
  file(SHA256 ${dist}/${file} hash)
  string(SUBSTRING ${hash} 0 32 hash)
  string(APPEND bytes "EMBED(windlass_app_file_${number}, \"${gzip}\")\n")
  string(APPEND names "extern const char windlass_app_file_${number}[], windlass_app_file_${number}_end[];\n")
  string(APPEND rows "    {\"${file}\", \"${type}\", \"\\\"${hash}\\\"\",\n"
                     "     {windlass_app_file_${number}, static_cast<std::size_t>(windlass_app_file_${number}_end - windlass_app_file_${number})}},\n")
  math(EXPR number "${number} + 1")
endforeach()

if(rows)
  set(body "  static const Asset kAssets[] = {\n${rows}  };\n  return kAssets;\n")
else()
  set(body "  return {};\n")
endif()
file(WRITE ${BUILD}/app_assets.cpp "// Written by cmake/BuildWebApp.cmake.
#include \"web/assets.hpp\"

#define EMBED(name, path)                                                                               \\
  __asm__(\".pushsection .rodata\\n.hidden \" #name \"\\n.hidden \" #name \"_end\\n.globl \" #name \"\\n.globl \" \\
          #name \"_end\\n\" #name \":\\n.incbin \\\"\" path \"\\\"\\n\" #name \"_end:\\n.popsection\\n\");

${bytes}
extern \"C\" {
${names}}

namespace windlass::web {

std::span<const Asset> app_assets() {
${body}}

}  // namespace windlass::web
")
