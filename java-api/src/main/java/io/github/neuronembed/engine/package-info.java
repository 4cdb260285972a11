/**
 * Turns concurrent requests of token ids into full, well-shaped executions on a backend's slots,
 * and returns their vectors.
 */
@NullMarked
package io.github.neuronembed.engine;

import org.jspecify.annotations.NullMarked;
