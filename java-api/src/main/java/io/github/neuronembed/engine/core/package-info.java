/**
 * The cores of an engine, their slots, and the execution times learned from them. Internal: it is
 * public only for the engine. It uses no thread, no clock and no callback.
 */
@NullMarked
package io.github.neuronembed.engine.core;

import org.jspecify.annotations.NullMarked;
