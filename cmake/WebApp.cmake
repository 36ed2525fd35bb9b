# The dashboard's web app (folder web/), as a source file with its files inside. Without node 18 and npm, or where npm cannot
# install what it needs, there are none, and the build says so.

option(WINDLASS_WEB_APP "Build the dashboard's web app with node and npm" ${WINDLASS_BUILD_APPS})

# windlass_web_app(OUT): sets OUT to a source file that defines windlass::web::app_assets(), or to nothing without the app.
function(windlass_web_app out)
  set(${out} "" PARENT_SCOPE)
  if(NOT WINDLASS_WEB_APP)
    return()
  endif()
  find_program(WINDLASS_NODE NAMES node nodejs)
  find_program(WINDLASS_NPM npm)
  set(version 0)
  if(WINDLASS_NODE AND WINDLASS_NPM)
    execute_process(COMMAND ${WINDLASS_NODE} --version OUTPUT_VARIABLE version)
    string(REGEX MATCH "[0-9.]+" version "${version}")
  endif()
  if(version VERSION_LESS 18)
    message(WARNING "The web dashboard is left out: node 18 or newer and npm are not there (scripts/setup build installs "
                    "them). `windlass web` will serve its REST interface and a plain page.")
    return()
  endif()
  set(folder ${PROJECT_BINARY_DIR}/web)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/web/src/* ${PROJECT_SOURCE_DIR}/web/public/*)
  foreach(name index.html package.json package-lock.json tsconfig.json vite.config.ts)
    list(APPEND files ${PROJECT_SOURCE_DIR}/web/${name})
  endforeach()
  set(script ${PROJECT_SOURCE_DIR}/cmake/BuildWebApp.cmake)
  add_custom_command(
    OUTPUT ${folder}/app_assets.cpp
    COMMAND ${CMAKE_COMMAND} -D SOURCE=${PROJECT_SOURCE_DIR}/web -D BUILD=${folder} -D NODE=${WINDLASS_NODE} -D NPM=${WINDLASS_NPM}
            -P ${script}
    DEPENDS ${files} ${script}
    COMMENT "Building the web dashboard"
    VERBATIM)
  set(${out} ${folder}/app_assets.cpp PARENT_SCOPE)
endfunction()
