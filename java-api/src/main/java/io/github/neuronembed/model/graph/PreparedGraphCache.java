package io.github.neuronembed.model.graph;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.OnnxFile;
import io.github.neuronembed.model.OnnxInterface;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.PreparedFolder;
import io.github.neuronembed.model.Processor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prepared files, identified by the content of their originals. If a file cannot be prepared, the
 * original is used instead, and a line in the log says why.
 *
 * <p>A prepared file is about as large as its original and is never removed; the folder can be
 * deleted at any time. Safe to use from several threads and processes.
 */
public final class PreparedGraphCache {

  private static final Logger LOG = LoggerFactory.getLogger(PreparedGraphCache.class);

  private static final int DIGEST_CHARACTERS = 32;

  private final PreparedFolder folder;

  /**
   * A cache in a folder.
   *
   * @param folder created when it is needed
   */
  public PreparedGraphCache(Path folder) {
    this.folder = new PreparedFolder(folder);
  }

  private PreparedGraphCache(PreparedFolder folder) {
    this.folder = folder;
  }

  /** The cache in {@link io.github.neuronembed.model.CacheFolder}. */
  public static PreparedGraphCache ofUser() {
    return new PreparedGraphCache(PreparedFolder.ofUser());
  }

  /**
   * The file to run for a model: the prepared file, or the original if it cannot be prepared.
   * Prepares the file if it does not exist, which takes as long as a copy. Reads the whole original
   * every time.
   *
   * @throws ModelLoadException if the model has no file of this precision, or it is not whole
   */
  public Path fileFor(ModelDirectory model, Precision precision) {
    Pooling pooling = model.pooling();
    boolean normalize = model.normalize();
    return fileFor(
        model.onnxFile(precision),
        () -> PreparedGraph.inGraph(pooling) + (normalize ? "-normalized" : ""),
        (original, sha256, file, uint8) ->
            PreparedGraph.prepare(original, sha256, file, pooling, normalize, uint8));
  }

  /**
   * The file to run for a cross-encoder, see {@link #fileFor(ModelDirectory, Precision)}.
   *
   * @throws ModelLoadException if the model has no file of this precision, or it is not whole
   */
  public Path fileFor(CrossEncoderDirectory model, Precision precision) {
    return fileFor(
        model.transformer().onnxFile(precision),
        () -> PreparedGraph.SCORES,
        PreparedGraph::prepareScores);
  }

  /** Returns the name of a prepared file's output. */
  private interface Output {
    String name() throws UnsupportedGraphException;
  }

  /** Writes a prepared file. */
  private interface Preparation {
    void write(Path original, String sha256, Path file, boolean uint8)
        throws IOException, UnsupportedGraphException;
  }

  private Path fileFor(Path original, Output output, Preparation preparation) {
    try {
      return prepared(original, output, preparation);
    } catch (UnsupportedGraphException e) {
      LOG.info(
          "{} runs unchanged, about a tenth more slowly than a rewritten BERT: {}",
          original,
          e.getMessage());
    } catch (IOException | UnsupportedOperationException e) {
      LOG.warn(
          "{} runs unchanged, more slowly: it cannot be prepared in {} ({}). Set"
              + " NEURON_EMBED_CACHE to a folder with free space for another copy.",
          original,
          folder,
          PreparedFolder.reason(e));
    }
    return original;
  }

  private Path prepared(Path original, Output output, Preparation preparation)
      throws IOException, UnsupportedGraphException {
    String gives = output.name(); // fails before the whole file is read
    String sha256 = OnnxModelFile.sha256(original);
    boolean uint8 = !Processor.multipliesInt8Exactly() && OnnxInterface.read(original).wideInt8();
    return folder.<Path, UnsupportedGraphException>openOrMake(
        fileName(sha256, gives, uint8),
        file -> OnnxFile.isWhole(file) ? Optional.of(file) : Optional.empty(),
        file -> {
          long start = System.nanoTime();
          preparation.write(original, sha256, file, uint8);
          LOG.info(
              "Prepared {} as {} in {} ms.",
              original,
              file,
              (System.nanoTime() - start) / 1_000_000);
        });
  }

  /** A name that contains everything that the file's content depends on. */
  private static String fileName(String sha256, String output, boolean uint8) {
    return "%s-v%s-%s%s.onnx"
        .formatted(
            sha256.substring(0, DIGEST_CHARACTERS),
            PreparedGraph.VERSION,
            output,
            uint8 ? "-uint8" : "");
  }
}
