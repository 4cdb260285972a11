/**
 * The backend for NeuronCores: compiled models through the native core and libnrt. The only package
 * that uses the bindings. It has never run on Neuron hardware; it is tested on the libnrt emulator.
 */
@NullMarked
package io.github.neuronembed.backend.neuron;

import org.jspecify.annotations.NullMarked;
