/**
 * The contract between the engine and what computes: a {@link
 * io.github.neuronembed.backend.InferenceBackend} has {@linkplain
 * io.github.neuronembed.backend.Replica replicas}, a replica has {@linkplain
 * io.github.neuronembed.backend.ExecutionSlot slots}, and one execution uses one slot. This package
 * works on token ids, not on text.
 */
@NullMarked
package io.github.neuronembed.backend;

import org.jspecify.annotations.NullMarked;
