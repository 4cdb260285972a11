/** What is called and when: the matrix of cells, the rows that calls carry, and their arrivals. */
@NullMarked
package io.github.neuronembed.cli.bench.load;

import org.jspecify.annotations.NullMarked;
