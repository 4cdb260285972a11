package io.github.neuronembed.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class MatryoshkaTest {

  @Test
  void allowsWhatTheModelWasTrainedFor() {
    Matryoshka some = Matryoshka.of(384, List.of(128, 256, 384));

    assertThat(List.of(384, 256, 128)).allMatch(some::allows);
    assertThat(List.of(385, 129, 0, -1)).noneMatch(some::allows);
    assertThat(Matryoshka.any(384).allows(1)).isTrue();
    assertThat(Matryoshka.any(384).allows(385)).isFalse();
    assertThatCode(() -> Matryoshka.of(384, List.of()).require(384, "m"))
        .doesNotThrowAnyException();
  }

  @Test
  void aRefusalSaysWhatTheModelGives() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Matryoshka.of(384, List.of(128, 256)).require(100, "some-model"))
        .withMessageContainingAll("some-model", "128, 256, 384");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Matryoshka.of(384, List.of()).require(1536, "some-model"))
        .withMessageContainingAll("384 dimensions", "1536")
        .withMessageNotContaining("trained");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Matryoshka.of(384, List.of()).require(128, "some-model"))
        .withMessageContainingAll("trained for shorter ones", "neuron-embed.json");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Matryoshka.any(384).require(0, "some-model"))
        .withMessageContaining("1 to 384");
    assertThatIllegalArgumentException().isThrownBy(() -> Matryoshka.of(384, List.of(512)));
  }

  @Test
  void aShortenedVectorHasLengthOneAgainIfItHadIt() {
    float[] vector = {3, 4, 12};

    assertThat(Matryoshka.shorten(vector, 2, true)).containsExactly(0.6f, 0.8f);
    assertThat(Matryoshka.shorten(vector, 2, false)).containsExactly(3, 4);
    assertThat(Matryoshka.shorten(new float[] {0, 0, 1}, 2, true)).containsExactly(0, 0);
  }
}
