# Finds the vendor's libnrt headers (package aws-neuronx-runtime-lib). They are used only to check this
# project's declarations at compile time.
#   NEURON_EMBED_NRT_HEADERS   the folder that holds nrt/nrt.h, or NOTFOUND

find_path(NEURON_EMBED_NRT_HEADERS
  NAMES nrt/nrt.h
  PATHS /opt/aws/neuron/include
  NO_DEFAULT_PATH
  DOC "Folder of the vendor's libnrt headers, the one that holds nrt/nrt.h")

if(NEURON_EMBED_NRT_HEADERS)
  # nrt_instance_info_t grew `device_revision` and nrt_dtype_t was renumbered in SDK 2.28.
  file(STRINGS "${NEURON_EMBED_NRT_HEADERS}/nrt/nrt.h" _newer REGEX "device_revision")
  if(_newer)
    message(STATUS "libnrt ABI is checked against the headers in ${NEURON_EMBED_NRT_HEADERS}")
  else()
    message(STATUS "libnrt headers in ${NEURON_EMBED_NRT_HEADERS} are older than SDK 2.28: "
      "the ABI is not checked against them")
    set(NEURON_EMBED_NRT_HEADERS NOTFOUND)
  endif()
else()
  message(STATUS "libnrt headers are not installed: the ABI is checked by its own assertions only")
endif()
