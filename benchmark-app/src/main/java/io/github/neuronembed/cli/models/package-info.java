/**
 * Which model a command works with: a directory, the one that comes with the command line, or one
 * of random weights that is made for timing.
 */
@NullMarked
package io.github.neuronembed.cli.models;

import org.jspecify.annotations.NullMarked;
