# neuron_embed_warnings: an interface target that turns warnings on and makes them errors.

add_library(neuron_embed_warnings INTERFACE)
target_compile_options(neuron_embed_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-align -Wformat=2
  -Wmissing-declarations -Werror
  $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast;-Wnon-virtual-dtor;-Woverloaded-virtual>)
