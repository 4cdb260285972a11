/** What came of a run, as values. Knows nothing of how it is measured or shown. */
@NullMarked
package io.github.neuronembed.cli.bench.result;

import org.jspecify.annotations.NullMarked;
