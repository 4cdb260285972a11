/** What the fuzz targets share. A target is in the package of what it tries. */
@NullMarked
package io.github.neuronembed.fuzz;

import org.jspecify.annotations.NullMarked;
