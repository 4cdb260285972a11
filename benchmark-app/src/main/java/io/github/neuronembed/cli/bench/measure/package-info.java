/** Makes the calls: backends, the workers that call them, and the search for a rate. */
@NullMarked
package io.github.neuronembed.cli.bench.measure;

import org.jspecify.annotations.NullMarked;
