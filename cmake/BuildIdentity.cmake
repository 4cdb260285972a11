# NEURON_EMBED_BUILD: the result of neuron_build(), "VERSION+ABI". native/pom.xml writes the same text
# into the Java jar, which refuses a library with another text.

set(_pom "${CMAKE_CURRENT_SOURCE_DIR}/pom.xml")
set(_headers
  "${CMAKE_CURRENT_SOURCE_DIR}/src/main/cpp/capi/neuron_capi.h"
  "${CMAKE_CURRENT_SOURCE_DIR}/src/main/cpp/capi/encoder_capi.h")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${_pom}" ${_headers})

# The first version in the file is the project's.
file(STRINGS "${_pom}" _version REGEX "<version>" LIMIT_COUNT 1)
string(REGEX REPLACE ".*<version>(.*)</version>.*" "\\1" _version "${_version}")
set(_text "")
foreach(_header IN LISTS _headers)
  file(READ "${_header}" _content)
  string(APPEND _text "${_content}")
endforeach()
string(SHA256 _abi "${_text}")
string(SUBSTRING "${_abi}" 0 16 _abi)
set(NEURON_EMBED_BUILD "${_version}+${_abi}")
