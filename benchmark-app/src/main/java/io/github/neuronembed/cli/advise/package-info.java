/** Which shapes to compile for texts of given lengths. */
@NullMarked
package io.github.neuronembed.cli.advise;

import org.jspecify.annotations.NullMarked;
