/**
 * The cores of an engine, their slots, and what is known of their times. Internal: it is public for
 * the engine alone. Knows no thread, no clock and no callback.
 */
@NullMarked
package io.github.neuronembed.engine.core;

import org.jspecify.annotations.NullMarked;
