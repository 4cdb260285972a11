# neuron_embed_export_only(TARGET SCRIPT): makes the shared library TARGET export only the symbols that
# the linker version script SCRIPT lists. TARGET may not have undefined symbols.

function(neuron_embed_export_only target script)
  set_target_properties(${target} PROPERTIES
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${script}")
  target_link_options(${target} PRIVATE "LINKER:--version-script=${script}")
  if(NEURON_EMBED_SANITIZER STREQUAL "none")
    # Sanitizer runtimes are resolved from the executable.
    target_link_options(${target} PRIVATE "LINKER:--no-undefined")
  endif()
endfunction()
