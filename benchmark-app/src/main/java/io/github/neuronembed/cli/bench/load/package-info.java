/** What the calls are and when they begin: the matrix of cells, the rows of calls, and arrivals. */
@NullMarked
package io.github.neuronembed.cli.bench.load;

import org.jspecify.annotations.NullMarked;
