package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.RandomBertModel;
import io.github.neuronembed.nrt.NativeLibrary;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same jars in two class loaders of one JVM, as two web applications of a server or a
 * redeployment have them. The JVM lets a native library's file belong to one class loader.
 */
@NeedsNativeCore
class TwoClassLoadersTest {

  private @TempDir Path folder;

  @BeforeEach
  void writeModel() throws IOException {
    ModelFolder model = ModelFolder.complete(folder);
    Files.createDirectories(folder.resolve("onnx"));
    RandomBertModel.write(
        model.path("onnx/model.onnx"), new BertShape(2, 8, 2, 16, ModelFolder.VOCABULARY, 64), 1);
  }

  @Test
  void eachEmbedsAndHasItsOwnNativeCore() throws Exception {
    try (URLClassLoader first = classes();
        URLClassLoader second = classes()) {
      List<Object> vectors = new ArrayList<>();
      for (URLClassLoader loader : List.of(first, second)) {
        Object embed = loader.loadClass(Embed.class.getName()).getConstructor().newInstance();
        assertThat(embed.getClass()).isNotEqualTo(Embed.class);
        vectors.add(apply(embed));
      }
      assertThat(vectors.get(0)).isEqualTo(vectors.get(1));
    }
  }

  @SuppressWarnings("unchecked")
  private Object apply(Object embed) {
    return ((Function<String, Object>) embed).apply(folder.toString());
  }

  /** All of the class path again, with nothing of it in common with the tests' own. */
  private static URLClassLoader classes() throws IOException {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  /** What each of them runs. */
  public static final class Embed implements Function<String, Object> {

    /** A vector on ONNX Runtime, and whether the native core is there. */
    @Override
    public Object apply(String folder) {
      try (TextEmbedder embedder =
          TextEmbedder.builder()
              .model(ModelDirectory.open(Path.of(folder)))
              .backend(BackendChoice.ONNX)
              .preparedGraph(false)
              .build()) {
        NativeLibrary.ensureAvailable();
        List<Float> vector = new ArrayList<>();
        for (float x : embedder.embedPassage("a text")) {
          vector.add(x);
        }
        return vector;
      }
    }
  }
}
