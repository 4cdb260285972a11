package io.github.neuronembed.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;

class FirstFitTest {

  @Test
  void aTextGoesToTheFirstRowWithSpace() {
    FirstFit fit = new FirstFit(new Shape(2, 10, 3));

    assertThat(fit.place(6)).isTrue();
    assertThat(fit.place(5)).isTrue();
    assertThat(fit.place(4)).isTrue();
    assertThat(fit.place(6)).isFalse();
    assertThat(fit.place(5)).isTrue();

    assertThat(new int[] {fit.row(0), fit.row(1), fit.row(2), fit.row(3)})
        .containsExactly(0, 1, 0, 1);
    assertThat(new int[] {fit.start(0), fit.start(1), fit.start(2), fit.start(3)})
        .containsExactly(0, 0, 6, 5);
    assertThat(new int[] {fit.vector(0), fit.vector(1), fit.vector(2), fit.vector(3)})
        .containsExactly(0, 3, 1, 4);
    assertThat(fit.vectors()).isEqualTo(5);
    assertThat(fit.length(2)).isEqualTo(4);
    assertThat(fit.tokens()).isEqualTo(20);
    assertThat(fit.isFull()).isTrue();
  }

  @Test
  void aRowTakesNoMoreTextsThanItMay() {
    FirstFit fit = new FirstFit(new Shape(1, 10, 2));

    assertThat(fit.place(1)).isTrue();
    assertThat(fit.place(1)).isTrue();
    assertThat(fit.isFull()).isTrue();
    assertThat(fit.place(1)).isFalse();
    assertThat(fit.textsOf(0)).isEqualTo(2);
  }

  @Test
  void aTextTakenBackFreesItsSpace() {
    FirstFit fit = new FirstFit(new Shape(2, 8, 2));
    fit.place(8);
    fit.place(8);
    assertThat(fit.isFull()).isTrue();

    fit.takeBack();
    fit.takeBack();
    assertThat(fit.tokens()).isZero();
    assertThat(fit.place(3)).isTrue();
    assertThat(fit.row(0)).isZero();

    assertThat(fit.vectors()).isOne();

    fit.clear();
    assertThat(fit.texts()).isZero();
    assertThat(fit.vectors()).isZero();
    assertThat(fit.tokensOf(0)).isZero();
    assertThatIllegalStateException().isThrownBy(fit::takeBack);
  }

  @Test
  void inAPlainShapeEachTextHasARow() {
    FirstFit fit = new FirstFit(new Shape(3, 8));

    assertThat(fit.place(1)).isTrue();
    assertThat(fit.place(8)).isTrue();
    assertThat(fit.place(9)).isFalse();
    assertThat(fit.place(1)).isTrue();
    assertThat(fit.place(1)).isFalse();
    assertThat(new int[] {fit.vector(0), fit.vector(1), fit.vector(2)}).containsExactly(0, 1, 2);
    assertThat(fit.vectors()).isEqualTo(3);
  }
}
