/**
 * BERT encoders on this machine's processor: a thin, safe layer over the native core's own encoder.
 * It knows token ids and vectors, not text, and nothing of libnrt.
 *
 * <pre>{@code
 * EncoderModel.prepare(weights, file, EncoderPrecision.EXACT, List.of(), null);
 * try (EncoderModel model = EncoderModel.open(file, null);
 *     EncoderSession session = model.newSession(512, 8, 1)) {
 *   EncoderBatch batch = new EncoderBatch(model.hiddenSize(), 8, 64);
 *   batch.ids().asIntBuffer().put(0, tokenIds);
 *   batch.length(0, tokenIds.length);
 *   session.run(batch, 1, 64);
 *   batch.vectors().asFloatBuffer().get(0, vector);
 * }
 * }</pre>
 *
 * <p><b>Native library.</b> {@link io.github.neuronembed.nrt.NativeLibrary} loads it, whether there
 * is a libnrt or not.
 *
 * <p><b>Lifetimes.</b> A model owns sessions. Closing it while sessions exist throws {@link
 * java.lang.IllegalStateException} and changes nothing; closing twice does nothing; using what is
 * closed throws {@link java.lang.IllegalStateException}; closing waits for calls in flight.
 *
 * <p><b>Errors.</b> {@link io.github.neuronembed.encoder.EncoderException} says what the file or
 * the machine refused. {@link java.lang.IllegalArgumentException} and {@link
 * java.lang.IllegalStateException} are faults of the caller.
 */
@NullMarked
package io.github.neuronembed.encoder;

import org.jspecify.annotations.NullMarked;
