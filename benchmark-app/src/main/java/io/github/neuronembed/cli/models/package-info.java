/** Which model a command works with: a directory, or the one that comes with the command line. */
@NullMarked
package io.github.neuronembed.cli.models;

import org.jspecify.annotations.NullMarked;
