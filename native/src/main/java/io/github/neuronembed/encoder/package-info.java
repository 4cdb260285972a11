/**
 * BERT encoders on this machine's processor: a thin, safe layer over the native core's own encoder.
 * It works on token ids and vectors, not on text, and does not use libnrt.
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
 * java.lang.IllegalStateException} and changes nothing; closing twice does nothing; using a closed
 * object throws {@link java.lang.IllegalStateException}; closing waits for calls in flight.
 *
 * <p><b>Errors.</b> {@link io.github.neuronembed.encoder.EncoderException} reports errors of the
 * file or the machine. {@link java.lang.IllegalArgumentException} and {@link
 * java.lang.IllegalStateException} are errors of the caller.
 */
@NullMarked
package io.github.neuronembed.encoder;

import org.jspecify.annotations.NullMarked;
