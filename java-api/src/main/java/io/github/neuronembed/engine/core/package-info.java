/**
 * The cores of an engine, their slots, and what the engine knows about their times. Internal: it is
 * public only for the engine. It uses no thread, no clock and no callback.
 */
@NullMarked
package io.github.neuronembed.engine.core;

import org.jspecify.annotations.NullMarked;
