/**
 * The command line: arguments in, results on standard output, everything else on standard error.
 */
@NullMarked
package io.github.neuronembed.cli;

import org.jspecify.annotations.NullMarked;
