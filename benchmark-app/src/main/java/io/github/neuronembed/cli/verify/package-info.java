/**
 * The {@code verify} command: checks whether a model directory and a backend give the model's
 * correct vectors, and if not, why.
 */
@NullMarked
package io.github.neuronembed.cli.verify;

import org.jspecify.annotations.NullMarked;
