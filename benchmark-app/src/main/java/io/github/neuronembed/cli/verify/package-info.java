/**
 * The {@code verify} command: whether a model directory and a backend give the vectors that the
 * model has to give, and if not, why.
 */
@NullMarked
package io.github.neuronembed.cli.verify;

import org.jspecify.annotations.NullMarked;
