/**
 * The {@code compare} command: whether one benchmark run is slower than another, and how surely.
 */
@NullMarked
package io.github.neuronembed.cli.compare;

import org.jspecify.annotations.NullMarked;
