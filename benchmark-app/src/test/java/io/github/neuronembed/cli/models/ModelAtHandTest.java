package io.github.neuronembed.cli.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.InputType;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelAtHandTest {

  @Test
  void isLaidOutOnceAndRepairedWhenItIsDamaged(@TempDir Path cache) throws Exception {
    Path directory = ModelAtHand.directory(cache);
    ModelDirectory model = ModelDirectory.open(directory);

    assertThat(model.name()).isEqualTo("bge-small-en-v1.5");
    assertThat(model.hiddenSize()).isEqualTo(384);
    assertThat(model.maxTokens()).isEqualTo(512);
    assertThat(model.pooling()).isEqualTo(PoolingStrategy.CLS);
    assertThat(model.normalize()).isTrue();
    assertThat(model.prefix(InputType.QUERY)).endsWith("passages: ");
    assertThat(model.prefix(InputType.PASSAGE)).isEmpty();
    long whole = Files.size(model.onnxFile(Precision.INT8));
    assertThat(whole).isGreaterThan(30_000_000);

    assertThat(ModelAtHand.directory(cache)).isEqualTo(directory);
    Files.write(model.onnxFile(Precision.INT8), new byte[10]);
    ModelAtHand.directory(cache);
    assertThat(Files.size(model.onnxFile(Precision.INT8))).isEqualTo(whole);
    try (Stream<Path> left = Files.list(directory.getParent())) {
      assertThat(left).containsExactly(directory);
    }
  }

  @Test
  void aCacheThatCannotBeWrittenIsNamed(@TempDir Path folder) throws Exception {
    Path notAFolder = Files.createFile(folder.resolve("file"));

    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> ModelAtHand.directory(notAFolder))
        .withMessageContaining(notAFolder.toString())
        .withMessageContaining("NEURON_EMBED_CACHE");
  }
}
