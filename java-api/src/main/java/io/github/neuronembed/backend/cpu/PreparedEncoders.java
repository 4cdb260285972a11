package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.encoder.EncoderBatch;
import io.github.neuronembed.encoder.EncoderException;
import io.github.neuronembed.encoder.EncoderModel;
import io.github.neuronembed.encoder.EncoderPrecision;
import io.github.neuronembed.encoder.EncoderSession;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.PreparedFolder;
import io.github.neuronembed.model.graph.EncoderWeights;
import io.github.neuronembed.model.graph.UnsupportedGraphException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Models that are prepared for the encoder, stored under names derived from their sources. A file
 * that is damaged, of another version or of another model is made again, never run. A new one is
 * kept only if its vectors are close enough to those of the reference; if not, this result is
 * stored, so that it is not tried at each start.
 *
 * <p>A file is about half as large as its original in {@link Precision#EXACT} and a third in {@link
 * Precision#INT8}, and never removed; the folder can be deleted at any time. Safe to use from
 * several threads and processes.
 */
public final class PreparedEncoders {

  private static final Logger LOG = LoggerFactory.getLogger(PreparedEncoders.class);

  /** The lowest allowed cosine between a vector and the reference's. */
  static final double LEAST_EXACT = 0.99999;

  /** For {@link Precision#INT8}. */
  static final double LEAST_INT8 = 0.998;

  /** The step between calibration texts that are compared with the reference. */
  private static final int COMPARED_STEP = 4;

  private static final int NAME_CHARACTERS = 32;

  private final PreparedFolder folder;

  /**
   * A cache in a folder.
   *
   * @param folder created when needed
   */
  public PreparedEncoders(PreparedFolder folder) {
    this.folder = folder;
  }

  /** The cache in {@link io.github.neuronembed.model.CacheFolder}. */
  public static PreparedEncoders ofUser() {
    return new PreparedEncoders(PreparedFolder.ofUser());
  }

  /**
   * Opens a model; prepares it first if it is not stored yet. Reads all of the original, in small
   * parts.
   *
   * @param kernel one that the machine runs
   * @throws BackendUnavailableException if it cannot be prepared or stored
   */
  EncoderModel open(EncoderSource source, String kernel) {
    ModelDirectory model = source.model();
    Path original = model.onnxFile(Precision.FP32);
    if (!model.pooling().is(PoolingStrategy.CLS) && !model.pooling().is(PoolingStrategy.MEAN)) {
      throw new BackendUnavailableException(
          "the encoder of the native core pools by the first token or the mean of all, not as %s."
              .formatted(model));
    }
    try {
      String identity = identity(original, source);
      String name = name(identity, source);
      Path refusal = folder.path().resolve(name + ".refused");
      if (Files.exists(refusal)) {
        throw new BackendUnavailableException(Files.readString(refusal));
      }
      return folder.<EncoderModel, Exception>openOrMake(
          name,
          file -> opened(file, kernel, identity, source),
          file -> make(file, refusal, original, identity, kernel, source));
    } catch (UnsupportedGraphException e) {
      throw new BackendUnavailableException(
          "the encoder of the native core does not support the graph of %s: %s"
              .formatted(original, e.getMessage()),
          e);
    } catch (IOException | UnsupportedOperationException e) {
      throw new BackendUnavailableException(
          ("%s cannot be prepared for the encoder in %s (%s). Set NEURON_EMBED_CACHE"
                  + " to a folder with free space for twice its size.")
              .formatted(original, folder, PreparedFolder.reason(e)),
          e);
    } catch (EncoderException | IllegalArgumentException e) {
      throw CpuErrors.atOpen(original.toString(), e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static Optional<EncoderModel> opened(
      Path file, String kernel, String identity, EncoderSource source) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    EncoderModel model;
    try {
      model = EncoderModel.open(file, kernel);
    } catch (EncoderException e) {
      if (e.kind() == EncoderException.Kind.PREPARED) {
        LOG.warn("{} is made again: {}", file, e.getMessage());
        return Optional.empty();
      }
      throw e;
    }
    if (model.identity().equals(identity)
        && model.precision() == precision(source)
        && model.meanPooling() == isMean(source)
        && model.normalized() == source.model().normalize()) {
      return Optional.of(model);
    }
    LOG.warn("{} is made again: it was made from another model.", file);
    model.close();
    return Optional.empty();
  }

  private static void make(
      Path file, Path refusal, Path original, String identity, String kernel, EncoderSource source)
      throws IOException, UnsupportedGraphException {
    long start = System.nanoTime();
    Path weights = PreparedFolder.partial(file);
    Path candidate = PreparedFolder.partial(file);
    try {
      EncoderWeights.of(original)
          .write(weights, identity, isMean(source), source.model().normalize());
      EncoderModel.prepare(weights, candidate, precision(source), source.calibration(), kernel);
      Files.delete(weights);
      double least = leastCosine(candidate, kernel, source);
      if (!(least >= leastCosine(source))) {
        String reason =
            ("the vectors of %s in %s have a cosine of only %s to the model's own"
                    + " vectors; at least %s is required.")
                .formatted(
                    original,
                    source.precision().name().toLowerCase(Locale.ROOT),
                    String.format(Locale.ROOT, "%.6f", least),
                    leastCosine(source));
        PreparedFolder.<IOException>whole(refusal, partial -> Files.writeString(partial, reason));
        throw new BackendUnavailableException(reason);
      }
      Files.move(
          candidate, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      LOG.info(
          "Prepared {} as {} in {} ms; lowest cosine to the model's own vectors {}.",
          original,
          file,
          (System.nanoTime() - start) / 1_000_000,
          String.format(Locale.ROOT, "%.6f", least));
    } finally {
      Files.deleteIfExists(weights);
      Files.deleteIfExists(candidate);
    }
  }

  /**
   * The cosine between the vectors of a prepared file and those of the reference, on some of the
   * texts.
   */
  private static double leastCosine(Path file, String kernel, EncoderSource source) {
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < source.calibration().size(); i += COMPARED_STEP) {
      texts.add(source.calibration().get(i));
    }
    List<float[]> expected = source.reference().vectors(texts);
    int longest = texts.stream().mapToInt(ids -> ids.length).max().orElseThrow();
    double least = 1;
    try (EncoderModel model = EncoderModel.open(file, kernel);
        EncoderSession session = model.newSession(longest, 1, 1)) {
      EncoderBatch batch = new EncoderBatch(model.hiddenSize(), 1, longest);
      float[] vector = new float[model.hiddenSize()];
      for (int i = 0; i < texts.size(); i++) {
        int[] ids = texts.get(i);
        batch.ids().asIntBuffer().put(0, ids);
        batch.length(0, ids.length);
        session.run(batch, 1, ids.length);
        batch.vectors().asFloatBuffer().get(0, vector);
        least = Math.min(least, cosine(vector, expected.get(i)));
      }
    }
    return least;
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double squaresOfA = 0;
    double squaresOfB = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      squaresOfA += (double) a[i] * a[i];
      squaresOfB += (double) b[i] * b[i];
    }
    return product / Math.sqrt(squaresOfA * squaresOfB);
  }

  private static double leastCosine(EncoderSource source) {
    return source.precision() == Precision.INT8 ? LEAST_INT8 : LEAST_EXACT;
  }

  private static EncoderPrecision precision(EncoderSource source) {
    return source.precision() == Precision.INT8 ? EncoderPrecision.INT8 : EncoderPrecision.EXACT;
  }

  private static boolean isMean(EncoderSource source) {
    return source.model().pooling().is(PoolingStrategy.MEAN);
  }

  /** A digest of everything that the weights in the file depend on, in hexadecimal digits. */
  private static String identity(Path original, EncoderSource source) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(EncoderWeights.sha256(original).getBytes(StandardCharsets.US_ASCII));
      if (source.precision() == Precision.INT8) {
        for (int[] ids : source.calibration()) {
          ByteBuffer bytes = ByteBuffer.allocate((1 + ids.length) * Integer.BYTES);
          bytes.putInt(ids.length).asIntBuffer().put(ids);
          digest.update(bytes.array());
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }

  private static String name(String identity, EncoderSource source) {
    return "%s-v%s-%s%s-%s.encoder"
        .formatted(
            identity.substring(0, NAME_CHARACTERS),
            EncoderModel.formatVersion(),
            isMean(source) ? "mean" : "cls",
            source.model().normalize() ? "-normalized" : "",
            source.precision().name().toLowerCase(Locale.ROOT));
  }
}
