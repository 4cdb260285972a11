/** What a machine has and lacks for running models on NeuronCores. */
@NullMarked
package io.github.neuronembed.cli.doctor;

import org.jspecify.annotations.NullMarked;
