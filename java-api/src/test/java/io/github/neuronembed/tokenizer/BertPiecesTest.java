package io.github.neuronembed.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BertPiecesTest {

  private static final int LONGEST_WORD = 100;
  private static final Set<String> ADDED = Set.of("[CLS]", "[SEP]", "[PAD]");
  private final BertPieces pieces = new BertPieces(true, true, LONGEST_WORD, ADDED);

  private List<String> cut(String text) {
    List<String> cut = new ArrayList<>();
    TextPieces.Iterator rest = pieces.of(text);
    for (String piece = rest.next(); piece != null; piece = rest.next()) {
      cut.add(piece);
    }
    return cut;
  }

  @Test
  void aShortTextIsOnePiece() {
    assertThat(cut("")).isEmpty();
    assertThat(cut("a b c")).containsExactly("a b c");
    String full = "ab ".repeat(CutPieces.PIECE / 3 + 1).substring(0, CutPieces.PIECE);
    assertThat(cut(full)).containsExactly(full);
  }

  @Test
  void aLongTextIsCutBeforeASplitter() {
    String text = "word, ".repeat(5000);

    List<String> cut = cut(text);

    assertThat(String.join("", cut)).isEqualTo(text);
    assertThat(cut).hasSizeGreaterThan(14).allMatch(p -> p.length() <= CutPieces.PIECE);
    assertThat(cut.subList(1, cut.size())).allMatch(p -> pieces.isSplitter(p.codePointAt(0)));
  }

  @Test
  void aStretchWithoutSplitterIsNotCut() {
    String stretch = "x".repeat(CutPieces.PIECE + 100);
    assertThat(cut(stretch + " y")).containsExactly(stretch, " y");
    assertThat(cut(stretch)).containsExactly(stretch);
  }

  @Test
  void anAddedTokenIsNotCut() {
    String token = "[CLS]";
    for (int before = CutPieces.PIECE - 8; before <= CutPieces.PIECE; before++) {
      String text = " ".repeat(before) + token + " ".repeat(20);
      List<String> cut = cut(text);
      assertThat(String.join("", cut)).isEqualTo(text);
      assertThat(cut).filteredOn(piece -> piece.contains(token)).hasSize(1);
    }
  }

  @Test
  void aSurrogatePairIsNotCut() {
    // Ideographs beyond U+FFFF are splitters of two chars each.
    String text = "x" + "\uD840\uDC00".repeat(5000);

    List<String> cut = cut(text);

    assertThat(String.join("", cut)).isEqualTo(text);
    assertThat(cut).hasSizeGreaterThan(4);
    assertThat(cut.subList(1, cut.size()))
        .allMatch(piece -> Character.isHighSurrogate(piece.charAt(0)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        " ",
        "\u0000",
        ".",
        "か",
        "漢",
        "\u0301",
        "\u200B",
        "\uD83D\uDE00",
        "\uD840\uDC00",
        "ก้",
        "[CLS]",
        "[CLS",
        "]",
        "[",
        "\uE000",
        "\u2192",
        "a\u0301",
        "[CLS]a",
        "\uFFFD",
        "\u0085"
      })
  void noPieceOfALongMonotonyIsLong(String unit) {
    String text = unit.repeat(1_000_000 / unit.length());
    assertThat(longest(cut(text))).isLessThanOrEqualTo(BertPieces.LONGEST_STRETCH);
    List<String> framed = cut("[SEP]" + text + "[SEP] b");
    assertThat(longest(framed)).isLessThanOrEqualTo(BertPieces.LONGEST_STRETCH);
    assertThat(framed.get(framed.size() - 1)).endsWith(" b");
  }

  private static int longest(List<String> pieces) {
    return pieces.stream().mapToInt(String::length).max().orElse(0);
  }

  @Test
  void anOverlongWordKeepsJustEnoughToBeOverlong() {
    String marks = "\u0301".repeat(9000);
    assertThat(cut("[SEP]" + marks + "a".repeat(20_000) + " b"))
        .containsExactly("[SEP]" + "a".repeat(LONGEST_WORD + 1), " b");
    assertThat(cut("a" + marks + "b\u200Bc")).containsExactly("abc");
  }
}
