/**
 * From concurrent requests of token ids to full, well-shaped executions on a backend's slots, and
 * back to vectors.
 */
@NullMarked
package io.github.neuronembed.engine;

import org.jspecify.annotations.NullMarked;
