package io.github.neuronembed.cli.bench;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Loads, measuring, figures, results and reports stay apart, and small. */
class BenchPackagesTest {

  private static final String BENCH = "io.github.neuronembed.cli.bench";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.github.neuronembed.cli");

  @Test
  void aResultKnowsNothingOfHowItIsMeasuredOrShown() {
    noClasses()
        .that()
        .resideInAPackage(BENCH + ".result")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            BENCH,
            BENCH + ".load",
            BENCH + ".measure",
            BENCH + ".figures",
            BENCH + ".report",
            "com.google.gson..",
            "org.apache.commons..")
        .check(CLASSES);
  }

  @Test
  void onlyCommandsKnowARenderer() {
    noClasses()
        .that()
        .resideInAnyPackage(BENCH + ".load", BENCH + ".measure", BENCH + ".figures")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(BENCH + ".report")
        .check(CLASSES);
  }

  @Test
  void thereIsNoWayBack() {
    slices().matching(BENCH + ".(*)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void noFileHasMoreThan300LinesAndNoPackageMoreThan15Files() throws IOException {
    Path folder = Path.of("src/main/java/io/github/neuronembed/cli/bench");
    try (Stream<Path> all = Files.walk(folder)) {
      List<Path> files = all.filter(file -> file.toString().endsWith(".java")).toList();
      for (Path file : files) {
        assertThat(Files.readAllLines(file)).as(file.toString()).hasSizeLessThanOrEqualTo(300);
        assertThat(
                files.stream()
                    .filter(other -> other.equals(file.resolveSibling(other.getFileName()))))
            .as(String.valueOf(file.getParent()))
            .hasSizeLessThanOrEqualTo(15);
      }
    }
  }
}
