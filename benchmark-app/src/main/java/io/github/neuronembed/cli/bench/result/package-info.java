/**
 * The results of a run, as values. This package does not depend on how they are measured or shown.
 */
@NullMarked
package io.github.neuronembed.cli.bench.result;

import org.jspecify.annotations.NullMarked;
