/**
 * The backend for NeuronCores: compiled models through the native core and libnrt. The only package
 * that knows the bindings. It has never run on Neuron hardware; it is proven on the libnrt
 * emulator.
 */
@NullMarked
package io.github.neuronembed.backend.neuron;

import org.jspecify.annotations.NullMarked;
