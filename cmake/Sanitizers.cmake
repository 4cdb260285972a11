# neuron_embed_sanitizer: an interface target with the flags of the chosen sanitizer.
#   -DNEURON_EMBED_SANITIZER=address   AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer
#   -DNEURON_EMBED_SANITIZER=thread    ThreadSanitizer

set(NEURON_EMBED_SANITIZER "none" CACHE STRING "none, address (with undefined) or thread")
set_property(CACHE NEURON_EMBED_SANITIZER PROPERTY STRINGS none address thread)

add_library(neuron_embed_sanitizer INTERFACE)
if(NEURON_EMBED_SANITIZER STREQUAL "address")
  set(_flags -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(NEURON_EMBED_SANITIZER STREQUAL "thread")
  set(_flags -fsanitize=thread -fno-omit-frame-pointer)
elseif(NEURON_EMBED_SANITIZER STREQUAL "none")
  set(_flags "")
else()
  message(FATAL_ERROR
    "NEURON_EMBED_SANITIZER is '${NEURON_EMBED_SANITIZER}'; allowed: none, address, thread")
endif()
target_compile_options(neuron_embed_sanitizer INTERFACE ${_flags})
target_link_options(neuron_embed_sanitizer INTERFACE ${_flags})
